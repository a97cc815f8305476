package qmi

// Image is a firmware image as Sierra's modems keep them: one of the modem and
// one of the carrier's configuration (PRI), which belong together.
type Image struct {
	Type     string // modem, PRI
	UniqueID string
	BuildID  string // for example 02.33.03.00_GENERIC
}

// StoredImage is an image in the storage of a modem.
type StoredImage struct {
	Image
	Index    uint8 // where it is stored
	Failures uint8 // starts of it that failed
	Running  bool
}

const uniqueIDBytes = 16

func imageType(n uint8) string { return word(int(n), "modem", "PRI") }

// FirmwarePreference reads the answer to GetFirmwarePreference: the images that
// are started.
func (m Message) FirmwarePreference() ([]Image, error) {
	v, err := m.answer(DMS, GetFirmwarePreference.ID(), 0x01)
	if err != nil {
		return nil, err
	}
	r := reader{data: v}
	var list []Image
	for range r.byte() {
		list = append(list, Image{imageType(r.byte()), clean(r.bytes(uniqueIDBytes)), r.text()})
	}
	if r.cut {
		return nil, errCut
	}
	return list, nil
}

// maxImages bounds the list of images; a modem stores a few for each type.
const maxImages = 256

// StoredImages reads the answer to ListStoredImages.
func (m Message) StoredImages() ([]StoredImage, error) {
	v, err := m.answer(DMS, ListStoredImages.ID(), 0x01)
	if err != nil {
		return nil, err
	}
	r := reader{data: v}
	var list []StoredImage
	for range r.byte() {
		kind := imageType(r.byte())
		r.byte()            // how many fit
		running := r.byte() // position in the list, 0xff for none
		for i := range r.byte() {
			image := StoredImage{Index: r.byte(), Failures: r.byte(), Running: i == running}
			image.Image = Image{kind, clean(r.bytes(uniqueIDBytes)), r.text()}
			if r.cut || len(list) == maxImages {
				return nil, errCut
			}
			list = append(list, image)
		}
	}
	if r.cut {
		return nil, errCut
	}
	return list, nil
}
