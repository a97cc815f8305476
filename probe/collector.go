package probe

// Collector is the number of what facts are made from: collectors, decoders,
// board data, the schema, and the versions of the modules that they use. A
// package carries the number of its probe; under an equal one its facts must
// follow from its evidence, byte for byte. Every change raises it: make numbers,
// which the digest is for.
const Collector = 57 // sha256 724aab8925539128
