package segmenter

import "errors"

var errSPS = errors.New("malformed sequence parameter set")

// maxSide bounds the width and height of a picture.
const maxSide = 16384

// sps is what we want to know of a sequence parameter set.
type sps struct {
	id            uint32
	width, height int // as shown, after cropping
}

// parseSPS reads a NAL unit of type 7, ITU-T H.264 §7.3.2.1.1. What follows the
// cropping is not looked at.
func parseSPS(nal []byte) (sps, error) {
	if len(nal) < 4 || nal[0]&0x1f != nalSPS {
		return sps{}, errSPS
	}
	r := bitReader{b: unescape(nal[1:])}
	profile := r.bits(8)
	r.skip(16) // constraint flags, level
	s := sps{id: r.ue()}

	chroma, separate := uint32(1), false
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 134, 135, 138, 139:
		if chroma = r.ue(); chroma == 3 {
			separate = r.bit()
		}
		r.ue() // bit_depth_luma_minus8
		r.ue() // bit_depth_chroma_minus8
		r.skip(1)
		if r.bit() { // seq_scaling_matrix_present_flag
			skipScalingLists(&r, chroma)
		}
	}

	r.ue()                          // log2_max_frame_num_minus4
	switch order := r.ue(); order { // pic_order_cnt_type
	case 0:
		r.ue()
	case 1:
		r.skip(1)
		r.se()
		r.se()
		n := r.ue()
		if n > 255 {
			return sps{}, errSPS
		}
		for range n {
			r.se()
		}
	}
	r.ue()    // max_num_ref_frames
	r.skip(1) // gaps_in_frame_num_value_allowed_flag

	width := (uint64(r.ue()) + 1) * 16
	height := (uint64(r.ue()) + 1) * 16
	unitX, unitY := uint64(1), uint64(1)
	if !separate {
		if chroma == 1 || chroma == 2 {
			unitX = 2
		}
		if chroma == 1 {
			unitY = 2
		}
	}
	if !r.bit() { // frame_mbs_only_flag: fields count twice
		height *= 2
		unitY *= 2
		r.skip(1)
	}
	r.skip(1)    // direct_8x8_inference_flag
	if r.bit() { // frame_cropping_flag
		x := (uint64(r.ue()) + uint64(r.ue())) * unitX
		y := (uint64(r.ue()) + uint64(r.ue())) * unitY
		if x >= width || y >= height {
			return sps{}, errSPS
		}
		width -= x
		height -= y
	}
	if r.bad || s.id > 31 || chroma > 3 || width > maxSide || height > maxSide {
		return sps{}, errSPS
	}
	s.width, s.height = int(width), int(height)
	return s, nil
}

// skipScalingLists, ITU-T H.264 §7.3.2.1.1.1.
func skipScalingLists(r *bitReader, chroma uint32) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !r.bit() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := int32(8), int32(8)
		for range size {
			if next != 0 {
				next = (last + r.se()) & 0xff
			}
			if next != 0 {
				last = next
			}
		}
	}
}
