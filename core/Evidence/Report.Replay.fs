// The JSON form of what verifying a run came to: verdict, counts, streams, the first difference, findings.
// Called by Report.Forms.fs.
namespace Refold.Core

open Refold

/// Forms of a replay.
[<RequireQualifiedAccess>]
module internal ReplayReportForm =

    let private verdict: JsonForm<ReplayVerdict> =
        JsonForm.union
            [
                JsonForm.unitCase "Matched" ReplayVerdict.Matched
                JsonForm.unitCase "Diverged" ReplayVerdict.Diverged
                JsonForm.unitCase "NotRecorded" ReplayVerdict.NotRecorded
                JsonForm.unitCase "Incomplete" ReplayVerdict.Incomplete
            ]

    let private replayed: JsonForm<ReplayedStream> =
        JsonForm.object (
            members {
                let! stream = JsonForm.field "stream" (fun (stream: ReplayedStream) -> stream.Stream) ReportParts.stream
                and! version = JsonForm.field "version" (fun (stream: ReplayedStream) -> stream.Version) JsonForm.int64

                and! hash =
                    JsonForm.field "state_hash" (fun (stream: ReplayedStream) -> stream.StateHash) (JsonForm.option JsonForm.hash)

                return { Stream = stream; Version = version; StateHash = hash }
            }
        )

    // Two members, as the fields of a case.
    let private pair left (leftForm: JsonForm<'Left>) right (rightForm: JsonForm<'Right>) : JsonForm<'Left * 'Right> =
        JsonForm.object (
            members {
                let! left = JsonForm.field left fst leftForm
                and! right = JsonForm.field right snd rightForm
                return left, right
            }
        )

    // Three.
    let private triple first (firstForm: JsonForm<'First>) second (secondForm: JsonForm<'Second>) third (thirdForm: JsonForm<'Third>) =
        JsonForm.object (
            members {
                let! first = JsonForm.field first (fun (first, _, _) -> first) firstForm
                and! second = JsonForm.field second (fun (_, second, _) -> second) secondForm
                and! third = JsonForm.field third (fun (_, _, third) -> third) thirdForm
                return first, second, third
            }
        )

    let private ranges: JsonForm<(int64 * int64) list> =
        JsonForm.list (pair "from" JsonForm.int64 "to" JsonForm.int64)

    let private finding: JsonForm<ReplayFinding> =
        JsonForm.union
            [
                JsonForm.case
                    "PinIgnored"
                    (function
                    | ReplayFinding.PinIgnored fields -> Some fields
                    | _ -> None)
                    ReplayFinding.PinIgnored
                    (JsonForm.one "fields" (JsonForm.list JsonForm.text))
                JsonForm.case
                    "FromSnapshot"
                    (function
                    | ReplayFinding.FromSnapshot(stream, version, commands) -> Some(stream, version, commands)
                    | _ -> None)
                    ReplayFinding.FromSnapshot
                    (triple "stream" ReportParts.stream "version" JsonForm.int64 "commands_before" JsonForm.int64)
                JsonForm.case
                    "SnapshotNotUsed"
                    (function
                    | ReplayFinding.SnapshotNotUsed reason -> Some reason
                    | _ -> None)
                    ReplayFinding.SnapshotNotUsed
                    (JsonForm.one "reason" JsonForm.text)
                JsonForm.case
                    "NoStateHash"
                    (function
                    | ReplayFinding.NoStateHash(stream, others) -> Some(stream, others)
                    | _ -> None)
                    ReplayFinding.NoStateHash
                    (pair "stream" ReportParts.stream "others" JsonForm.int64)
                JsonForm.case
                    "AtEntry"
                    (function
                    | ReplayFinding.AtEntry(position, sentence) -> Some(position, sentence)
                    | _ -> None)
                    ReplayFinding.AtEntry
                    (pair "position" JsonForm.int64 "sentence" JsonForm.text)
                JsonForm.case
                    "OperationsNotReplayed"
                    (function
                    | ReplayFinding.OperationsNotReplayed(effects, first) -> Some(effects, first)
                    | _ -> None)
                    ReplayFinding.OperationsNotReplayed
                    (pair "effects" JsonForm.int64 "first" JsonForm.int64)
                JsonForm.case
                    "NotCompared"
                    (function
                    | ReplayFinding.NotCompared(members, entries, ranges) -> Some(members, entries, ranges)
                    | _ -> None)
                    ReplayFinding.NotCompared
                    (triple "members" JsonForm.text "entries" JsonForm.int64 "ranges" ranges)
            ]

    /// The members of a report, without its journal's head.
    let fields (get: 'Body -> ReplayReport) : JsonFormMembers<'Body, ReplayReport> =
        let field name (part: ReplayReport -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name (get >> part) form

        members {
            let! run = field "run" _.Run ReportParts.run
            and! verdict = field "verdict" _.Verdict verdict
            and! entries = field "entries" _.Entries JsonForm.int64
            and! external = field "external" _.External JsonForm.int64
            and! decided = field "decided" _.Decided JsonForm.int64
            and! derived = field "derived" _.Derived JsonForm.int64
            and! stateHash = field "state_hash" _.StateHash (JsonForm.option JsonForm.hash)
            and! streams = field "streams" _.Streams (JsonForm.list replayed)
            and! divergence = field "divergence" _.Divergence (JsonForm.option ReportParts.divergence)
            and! findings = field "findings" _.Findings (JsonForm.list finding)

            return
                {
                    Run = run
                    Verdict = verdict
                    Entries = entries
                    External = external
                    Decided = decided
                    Derived = derived
                    StateHash = stateHash
                    Streams = streams
                    Divergence = divergence
                    Findings = findings
                }
        }
