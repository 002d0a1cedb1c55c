// Readers by others of what the packages write. A module of its own: they are no
// dependency of osslive.
module osslive/readers

go 1.26.0

require (
	github.com/asticode/go-astits v1.13.0
	github.com/grafov/m3u8 v0.12.1
	osslive v0.0.0
)

require github.com/asticode/go-astikit v0.30.0 // indirect

replace osslive => ../..
