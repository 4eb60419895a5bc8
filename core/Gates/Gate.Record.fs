// Reading the entry that a bypass left behind.
// Called by the facade; what is read is what GateBypass writes.
namespace Refold.Core

open System
open Refold

/// What the payload of a `gate-bypassed` entry says.
[<NoComparison>]
type internal BypassPayload =
    {
        /// The name of the set of gates.
        Pipeline: string
        /// The name of the bypass.
        Name: string
        /// Why.
        Justification: string
        /// Who answers for it.
        Approver: string
        /// The types of the entries it let through, each once, in order of appearance.
        Types: string[]
        /// SHA-256 over their canonical bytes.
        Content: Hash
    }

/// Payloads of recorded bypasses.
[<RequireQualifiedAccess>]
module internal GateRecord =

    let private memberNames = [ "pipeline"; "name"; "justification"; "approver"; "types"; "content" ]

    /// What a `gate-bypassed` entry says; none where the bytes say something else.
    let tryReadBypass (payload: ReadOnlyMemory<byte>) : BypassPayload voption =
        GateJson.tryRead payload (fun value ->
            let found = GateJson.members memberNames value

            {
                Pipeline = GateJson.text found["pipeline"]
                Name = GateJson.text found["name"]
                Justification = GateJson.text found["justification"]
                Approver = GateJson.text found["approver"]
                Types = [| for item in GateJson.items found["types"] -> GateJson.text item |]
                Content = GateJson.hash found["content"]
            })
