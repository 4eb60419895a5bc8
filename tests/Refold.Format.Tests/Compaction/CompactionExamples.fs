// A small journal in three segments, and what is asked of compactions of it.
// Called by CompactionTests.fs and CompactionTests.Damage.fs.
module internal Refold.Format.Tests.CompactionExamples

open Expecto
open Refold
open Refold.Core
open Refold.Format
open Refold.Support.CompactionJournal
open Refold.Support.Examples
open Refold.Support

let batch (entries: EntryData list) = Append(Append.request entries)

let batchWith (key: string) (entries: EntryData list) = Append(Append.request entries |> keyed key)

let request drop = { Drop = drop; MergeBytes = 0L }

let mergeOnly = { Drop = []; MergeBytes = 1_000_000L }

/// Positions: 1 | 2 3 4 ; 5 6 | 7 ; 8.
let sample =
    write
        [
            [
                batchWith "one" [ event "a" "1" ]
                batchWith "two" [ event "a" "2"; event "b" "1"; event "a" "3" ]
            ]
            [ batch [ event "b" "2"; event "b" "3" ]; batch [ event "a" "4" ] ]
            [ batch [ event "c" "1" ] ]
        ]

let done' request written = compact request written |> ok |> fst

let places (written: Written) = readable (know written.Segments) |> List.map (fun (position, _, _, _) -> position)

let names (written: Written) = written.Segments |> List.map (SegmentDirectory.nameOf >> string)

let refuses expected request written = equal (Error expected) (Compaction.plan request (fst (scan written.Segments)))

/// The head, and the head after each batch that is left, are those of the journal before.
let sameHeads (before: Written) (after: Written) =
    let known = know after.Segments
    equal ((Journal.head before.Journal).Hash) known.Head.Hash

    for position in known.Begin.Position .. known.Head.Position do
        let expected = Journal.headAt position before.Journal |> Option.map _.Hash
        equal expected (headAt position known |> Option.map _.Hash)
