// The tests of the built binary, and what only they need: an importer of osslive does
// not inherit it. They import none of its packages.
module osslive/integration

go 1.26.0

require (
	github.com/asticode/go-astits v1.13.0
	github.com/grafov/m3u8 v0.12.1
	go.yaml.in/yaml/v3 v3.0.6
)

require github.com/asticode/go-astikit v0.30.0 // indirect
