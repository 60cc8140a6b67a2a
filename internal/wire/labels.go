package wire

// Every label of the protocol. A label is the first thing that goes into a
// hash, a key derivation or a signature, so no two uses can be confused.
// docs/protocol.md, section 1, lists the same strings.

// The group (prover/ristretto): inputs of the hash to the group.
const (
	LabelBlinding = "hushwatt/v1/blinding" // H
	LabelSlot     = "hushwatt/v1/slot/"    // G_s: ‖ u16be n ‖ u16be s
	LabelRangeG   = "hushwatt/v1/range/g/" // ‖ u16be i
	LabelRangeH   = "hushwatt/v1/range/h/" // ‖ u16be i
	LabelRangeU   = "hushwatt/v1/range/u"  //
	LabelVector   = "hushwatt/v1/vector/"  // ‖ u16be i
)

// Keys and blinding of a meter and its customer (meter).
const (
	LabelTenancy   = "hushwatt/v1/tenancy"   // K_T
	LabelGGM       = "hushwatt/v1/ggm"       // one level of the day-key tree
	LabelBlind     = "hushwatt/v1/r"         // r_s
	LabelBlindSq   = "hushwatt/v1/t"         // t_s, seal over squares
	LabelReadings  = "hushwatt/v1/readings"  // key of a day's reading ciphertext
	LabelRecipient = "hushwatt/v1/recipient" // hash of a recipient string
	LabelEnvelope  = "hushwatt/v1/envelope"  // HPKE info of the pairing secret
)

// Chains and signatures of a meter (meter).
const (
	LabelGenesis     = "hushwatt/v1/genesis"
	LabelDay         = "hushwatt/v1/day"
	LabelCorrection  = "hushwatt/v1/correction"
	LabelCiphertext  = "hushwatt/v1/ciphertext"
	LabelHead        = "hushwatt/v1/head"
	LabelSlots       = "hushwatt/v1/slots"
	LabelPairing     = "hushwatt/v1/pairing"
	LabelCertificate = "hushwatt/v1/certificate"
	LabelAuthority   = "hushwatt/v1/authority" // hash of an authority's key
	LabelExport      = "hushwatt/v1/export"    // first field of an export file
)

// Sums over many meters (meter, aggregate).
const (
	LabelParty           = "hushwatt/v1/party" // mailbox of a party from its seed
	LabelCharter         = "hushwatt/v1/charter"
	LabelCharterHash     = "hushwatt/v1/charter-hash"
	LabelEnrolment       = "hushwatt/v1/enrolment"
	LabelEnrolmentHash   = "hushwatt/v1/enrolment-hash"
	LabelEnrolmentSecret = "hushwatt/v1/enrolment-secret" // HPKE info of a share key
	LabelRegistry        = "hushwatt/v1/registry"
	LabelRegistryHash    = "hushwatt/v1/registry-hash"
	LabelRatchet         = "hushwatt/v1/ratchet"      // next day's chain key
	LabelShareDay        = "hushwatt/v1/share-day"    // a day's share key
	LabelShare           = "hushwatt/v1/share"        // share of A_1 … A_{k−1}
	LabelSealedShare     = "hushwatt/v1/sealed-share" // key of the share of A_k
	LabelPresence        = "hushwatt/v1/presence"
	LabelPresenceHash    = "hushwatt/v1/presence-hash"
	LabelCounted         = "hushwatt/v1/counted" // hash of the records of those present
	LabelHolding         = "hushwatt/v1/holding" // what a party has at the cut-off
	LabelContribution    = "hushwatt/v1/contribution"
	LabelPoints          = "hushwatt/v1/points"       // shares as elements, to find a liar
	LabelClosing         = "hushwatt/v1/closing"      // a meter's end of day
	LabelRing            = "hushwatt/v1/ring"         // order of the neighbours
	LabelIntroduction    = "hushwatt/v1/introduction" // of two neighbours
	LabelMask            = "hushwatt/v1/mask"
	LabelAnswer          = "hushwatt/v1/answer"  // tag of a masked reading
	LabelRelease         = "hushwatt/v1/release" // first field of a release file
	LabelDayEnd          = "hushwatt/v1/day-end" // first field of a day-end file
)

// The supplier's server (server).
const (
	LabelSession = "hushwatt/v1/session" // key of the staff's session cookies
)

// Tariffs (tariffs).
const (
	LabelTariff   = "hushwatt/v1/tariff"
	LabelAddendum = "hushwatt/v1/addendum" // events of a tariff
)

// Claims and the bill exchange (prover).
const (
	LabelWeights    = "hushwatt/v1/weights"
	LabelEntries    = "hushwatt/v1/entries" // hash of what is required of hidden vectors
	LabelNonce      = "hushwatt/v1/nonce"
	LabelBatch      = "hushwatt/v1/batch"
	LabelSupplier   = "hushwatt/v1/supplier" // hash of a supplier's key
	LabelRequest    = "hushwatt/v1/request"
	LabelSubmission = "hushwatt/v1/submission"
	LabelReceipt    = "hushwatt/v1/receipt"

	LabelRequestHash = "hushwatt/v1/request-hash"
	LabelHeads       = "hushwatt/v1/heads" // hash of a segment's two heads

	// TagClaim begins the tag from which a claim's session id is derived.
	TagClaim = "HUSHWATT-V01-DSFS-with-hushwatt_Shake128_ristretto255-claim"
)
