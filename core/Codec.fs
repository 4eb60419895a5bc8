// Codecs: how values become payloads and payloads values, both directions able to fail.
// Given by users, or made by Codec.Json.fs; called by Aggregate, Run, Replay and Snapshot.
namespace Refold.Core

/// A payload with what a reader must know to read it.
[<NoComparison>]
type Encoded =
    {
        /// An explicit name of what the payload is; never a CLR type name.
        Type: string
        /// The payload's schema version, from 1.
        SchemaVersion: int
        /// The bytes.
        Payload: Bytes
    }

/// Both directions of a payload's form. Encoding what was decoded from a payload of the current schema version must give the same bytes.
[<NoEquality; NoComparison>]
type Codec<'Value> =
    {
        /// Value to payload.
        Encode: 'Value -> Result<Encoded, CodecError>
        /// Payload to value; an older schema version is upcast, a newer one refused.
        Decode: Encoded -> Result<'Value, CodecError>
    }
