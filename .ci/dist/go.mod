// What "make dist" runs, kept out of the go.mod of the product.
module osslive/dist

go 1.26.0

require github.com/CycloneDX/cyclonedx-go v0.12.0
