package segmenter

import (
	"errors"
	"fmt"
)

var errASC = errors.New("malformed AudioSpecificConfig")

// sampleRates by sampling_frequency_index, ISO/IEC 14496-3 table 1.18.
var sampleRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// audio object types, ISO/IEC 14496-3 table 1.17
const (
	objectLTP    = 4 // the highest that ADTS can name
	objectSBR    = 5
	objectPS     = 29
	objectEscape = 31
)

// syncExtension announces SBR behind a configuration that older decoders read too.
const syncExtension = 0x2b7

const (
	adtsHeaderSize = 7
	maxADTS        = 1<<13 - 1 // header included
)

// aacConfig is what the decoder must know of an AAC stream.
type aacConfig struct {
	objectType int // 1 to 4: Main, LC, SSR, LTP; of the core, without SBR and PS
	rateIndex  int
	rate       int // of the core, Hz
	heard      int // Hz, with SBR
	channels   int // channel configuration, 1 to 7
	samples    int // per frame and channel: 1024 or 960
}

// parseASC reads an AudioSpecificConfig, ISO/IEC 14496-3 §1.6.2.1. Its end may
// hold backward compatible signalling of SBR, which changes nothing for ADTS but
// what is heard. A
// configuration that ADTS cannot carry is an *UnsupportedError.
func parseASC(b []byte) (aacConfig, error) {
	r := bitReader{b: b}
	c := aacConfig{objectType: objectType(&r)}
	if err := c.readRate(&r); err != nil {
		return aacConfig{}, err
	}
	c.heard = c.rate
	c.channels = int(r.bits(4))
	if c.objectType == objectSBR || c.objectType == objectPS {
		// Explicit signalling: the rate of the extension, then the core's type.
		c.extend(&r)
		c.objectType = objectType(&r)
	}
	if r.bad || c.objectType == 0 {
		return aacConfig{}, errASC
	}
	if c.objectType > objectLTP {
		return aacConfig{}, unsupportedAAC(fmt.Sprintf("object type %d", c.objectType))
	}
	if c.channels == 0 || c.channels > 7 {
		return aacConfig{}, unsupportedAAC(fmt.Sprintf("channel configuration %d", c.channels))
	}
	c.samples = 1024
	if r.bit() { // frameLengthFlag of GASpecificConfig
		c.samples = 960
	}
	if r.bad {
		return aacConfig{}, errASC
	}
	if r.bit() { // dependsOnCoreCoder
		r.skip(14)
	}
	r.bit() // extensionFlag
	if r.bits(11) == syncExtension && objectType(&r) == objectSBR && r.bit() {
		c.extend(&r)
	}
	return c, nil
}

// extend reads the rate with SBR, if there is a higher one.
func (c *aacConfig) extend(r *bitReader) {
	var rate int
	if i := int(r.bits(4)); i == 15 {
		rate = int(r.bits(24))
	} else if i < len(sampleRates) {
		rate = sampleRates[i]
	}
	if !r.bad && rate > c.rate {
		c.heard = rate
	}
}

func objectType(r *bitReader) int {
	t := int(r.bits(5))
	if t == objectEscape {
		t = 32 + int(r.bits(6))
	}
	return t
}

func (c *aacConfig) readRate(r *bitReader) error {
	c.rateIndex = int(r.bits(4))
	if c.rateIndex < len(sampleRates) {
		c.rate = sampleRates[c.rateIndex]
		return nil
	}
	if c.rateIndex != 15 {
		return errASC
	}
	// An explicit rate: ADTS has only the index, so that it must be close to one.
	c.rate = int(r.bits(24))
	for i, rate := range sampleRates {
		if d := c.rate - rate; -rate/50 <= d && d <= rate/50 {
			c.rateIndex = i
			return nil
		}
	}
	if r.bad {
		return errASC
	}
	return unsupportedAAC(fmt.Sprintf("sample rate %d", c.rate))
}

// adts is the header of a frame without payload, ISO/IEC 13818-7 §6.2. Variable
// bit rate is announced, as encoders do.
func (c *aacConfig) adts() [adtsHeaderSize]byte {
	return [adtsHeaderSize]byte{
		0xff, 0xf1, // MPEG-4, no CRC
		byte(c.objectType-1)<<6 | byte(c.rateIndex)<<2 | byte(c.channels)>>2,
		byte(c.channels) << 6,
		0, 0x1f, 0xfc,
	}
}

// appendADTS appends one frame with its header.
func appendADTS(b []byte, header [adtsHeaderSize]byte, raw []byte) []byte {
	n := adtsHeaderSize + len(raw)
	header[3] |= byte(n >> 11)
	header[4] = byte(n >> 3)
	header[5] |= byte(n << 5)
	b = append(b, header[:]...)
	return append(b, raw...)
}

// trimADTS takes off the header that some encoders send though FLV wants raw
// frames.
func trimADTS(b []byte) []byte {
	if len(b) < adtsHeaderSize || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return b
	}
	if n := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5); n != len(b) {
		return b
	}
	size := adtsHeaderSize
	if b[1]&1 == 0 {
		size += 2 // CRC
	}
	if size > len(b) {
		return b
	}
	return b[size:]
}
