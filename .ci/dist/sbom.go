package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// sbom writes NAME.cdx.json, a CycloneDX bill of materials: what the Go linker recorded
// in the binary, and the player of the console.
func (r *release) sbom(name string, binary []byte) error {
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return fmt.Errorf("build info: %w", err)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(binary))
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.time.Format(time.RFC3339),
		Component: &cyclonedx.Component{
			BOMRef: "osslive", Type: cyclonedx.ComponentTypeApplication, Name: "osslive", Version: r.version,
			Hashes: &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: digest}},
		},
	}
	components := []cyclonedx.Component{{
		BOMRef: "std", Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion,
		PackageURL: "pkg:golang/std@" + info.GoVersion,
	}}
	for _, m := range info.Deps {
		purl := "pkg:golang/" + m.Path + "@" + m.Version
		components = append(components, cyclonedx.Component{
			BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: purl,
		})
	}
	player, err := playerVersion()
	if err != nil {
		return err
	}
	purl := "pkg:npm/hls.js@" + player
	components = append(components, cyclonedx.Component{
		BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: "hls.js", Version: player, PackageURL: purl,
	})
	bom.Components = &components
	var b bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return err
	}
	return r.write(name+".cdx.json", b.Bytes())
}

// playerVersion returns the version of hls.js that the lock file names.
func playerVersion() (string, error) {
	text, err := os.ReadFile("server/console/hlsjs/package-lock.json")
	if err != nil {
		return "", err
	}
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return "", fmt.Errorf("package-lock.json: %w", err)
	}
	version := lock.Packages["node_modules/hls.js"].Version
	if version == "" {
		return "", fmt.Errorf("package-lock.json does not name hls.js")
	}
	return version, nil
}
