package qmi

import "encoding/binary"

// Messages of Control.
const (
	idGetVersions    = 0x0021
	idAllocateClient = 0x0022
	idReleaseClient  = 0x0023
)

// Request is one of the questions that only read.
type Request uint8

const (
	GetManufacturer Request = iota
	GetModel
	GetRevision
	GetIdentifiers
	GetHardwareRevision
	GetOperatingMode
	GetCapabilities
	GetSoftwareVersion
	GetFirmwarePreference
	ListStoredImages
	GetServingSystem
	GetCardStatus
	requestCount
)

// request is how a Request looks on the wire; none has a value.
type request struct {
	name    string
	service Service
	id      uint16
}

func (r Request) request() request {
	return [requestCount]request{
		GetManufacturer:       {"DMS get manufacturer", DMS, 0x0021},
		GetModel:              {"DMS get model", DMS, 0x0022},
		GetRevision:           {"DMS get revision", DMS, 0x0023},
		GetIdentifiers:        {"DMS get IDs", DMS, 0x0025},
		GetHardwareRevision:   {"DMS get hardware revision", DMS, 0x002c},
		GetOperatingMode:      {"DMS get operating mode", DMS, 0x002d},
		GetCapabilities:       {"DMS get capabilities", DMS, 0x0020},
		GetSoftwareVersion:    {"DMS get software version", DMS, 0x0051},
		GetFirmwarePreference: {"DMS get firmware preference", DMS, 0x0047},
		ListStoredImages:      {"DMS list stored images", DMS, 0x0049},
		GetServingSystem:      {"NAS get serving system", NAS, 0x0024},
		GetCardStatus:         {"UIM get card status", UIM, 0x002f},
	}[r%requestCount]
}

// Requests returns all requests, in an order in which they can be asked.
func Requests() []Request {
	all := make([]Request, requestCount)
	for i := range all {
		all[i] = Request(i)
	}
	return all
}

// String returns the name of a request.
func (r Request) String() string { return r.request().name }

// Service returns the service that has to be asked.
func (r Request) Service() Service { return r.request().service }

// ID returns the identifier of the message, which the answer repeats.
func (r Request) ID() uint16 { return r.request().id }

// Encode writes the request for a client of its service. The transaction is
// repeated in the answer and must not be 0, which is that of indications.
func (r Request) Encode(client uint8, transaction uint16) []byte {
	return append(frame(r.Service(), client, 7), r.EncodeBare(transaction)...)
}

// EncodeBare writes the request without a frame, for a service that has an
// address of its own.
func (r Request) EncodeBare(transaction uint16) []byte {
	m := binary.LittleEndian.AppendUint16([]byte{0}, transaction)
	m = binary.LittleEndian.AppendUint16(m, r.ID())
	return binary.LittleEndian.AppendUint16(m, 0)
}

// frame writes the head of a message whose rest has n bytes.
func frame(service Service, client uint8, n int) []byte {
	m := make([]byte, 0, frameBytes+n)
	m = append(m, marker)
	m = binary.LittleEndian.AppendUint16(m, uint16(frameBytes-1+n))
	return append(m, 0, byte(service), client)
}

// control writes a request to Control with at most one value, of type 1.
func control(transaction uint8, id uint16, value ...byte) []byte {
	n := 0
	if len(value) > 0 {
		n = 3 + len(value)
	}
	m := frame(Control, 0, 6+n)
	m = append(m, 0, transaction)
	m = binary.LittleEndian.AppendUint16(m, id)
	m = binary.LittleEndian.AppendUint16(m, uint16(n))
	if n > 0 {
		m = append(m, 1)
		m = binary.LittleEndian.AppendUint16(m, uint16(len(value)))
		m = append(m, value...)
	}
	return m
}

// EncodeGetVersions writes the question for the services of the modem.
func EncodeGetVersions(transaction uint8) []byte { return control(transaction, idGetVersions) }

// EncodeAllocateClient writes the request for an identifier, without which no
// service answers. It must be released.
func EncodeAllocateClient(transaction uint8, s Service) []byte {
	return control(transaction, idAllocateClient, byte(s))
}

// EncodeReleaseClient gives an identifier back.
func EncodeReleaseClient(transaction uint8, s Service, client uint8) []byte {
	return control(transaction, idReleaseClient, byte(s), client)
}
