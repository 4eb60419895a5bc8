// Projections: what may be declared, what is folded, and in which order sources are listed.
// Run by `dotnet test`.
module Refold.Core.Tests.ProjectionTests

open System
open Expecto
open Refold.Core
open Refold.Support
open Refold.Support.Ledger

let private create id = Projection.ofEntries id 1 [] (fun (state: int option) _ -> state)

let private refused action = throws<ArgumentException>(action >> ignore) |> _.Message

let private stateOf (projection: Projection<'State>) (journal: Journal) =
    match Evidence.runWithEvidence consistent projection journal with
    | Ok(state, _) -> state
    | Error error -> failtest (error.ToString())

[<Tests>]
let tests =
    testList "Projections / projections" [
        testCase "an id has 1 to 256 UTF-8 bytes and no control characters" (fun () ->
            equal "totals" (Projection.id (create "totals"))
            let longest = String('\u20ac', 85) + "a"
            equal longest (Projection.id (create longest)))

        testCase "an id that is empty, too long, or has control characters or lone surrogates is refused" (fun () ->
            containsText "empty" (refused (fun () -> create ""))
            containsText "at most 256" (refused (fun () -> create (String('\u20ac', 86))))
            containsText "control" (refused (fun () -> create "a\nb"))
            containsText "surrogate" (refused (fun () -> create ("a" + String(char 0xD800, 1)))))

        testCase "a schema version below 1 is refused" (fun () ->
            containsText "1 or more" (refused (fun () -> Projection.ofEntries "a" 0 [] (fun (state: int option) _ -> state))))

        testTheory
            "a source that breaks a rule is refused"
            [
                ProjectionSourceRef.Entity ""
                ProjectionSourceRef.RelevantKind ""
                ProjectionSourceRef.Tag "kind:other"
                ProjectionSourceRef.Range(0L, 5L)
                ProjectionSourceRef.Range(5L, 4L)
            ]
            (fun source -> refused (fun () -> counting [ source ]) |> ignore<string>)

        testCase "without sources every entry is folded, whatever its role" (fun () ->
            let command = { entry "order/1" "place" "1" with Role = Role.Command }

            equal (Some 5L) (stateOf (counting []) (journal |> Examples.append [ command ])))

        testCase "a tag of a kind restricts the roles" (fun () ->
            let fact = { entry "order/1" "seen" "1" with Role = Role.Fact }

            let journal = journal |> Examples.append [ fact ]
            equal (Some 1L) (stateOf (counting [ ProjectionSourceRef.Tag "kind:external" ]) journal)
            equal (Some 4L) (stateOf (counting [ ProjectionSourceRef.Tag "kind:derived" ]) journal))

        testCase "several streams are folded in position order" (fun () ->
            equal (Some { Count = 2L; Sum = 12L }) (stateOf totals journal)

            let streams =
                over [
                    relevant
                    ProjectionSourceRef.Entity "order/2"
                    ProjectionSourceRef.Entity "order/3"
                ]

            equal (Some { Count = 2L; Sum = 18L }) (stateOf streams longer))

        testCase "streams, types, tags and ranges must all hold; of streams, types and ranges one is enough" (fun () ->
            let tagged = [ ProjectionSourceRef.Tag "eu"; ProjectionSourceRef.Entity "order/2" ]
            equal (Some 1L) (stateOf (counting tagged) longer)
            equal None (stateOf (counting (ProjectionSourceRef.RelevantKind "shipped" :: tagged)) longer)
            equal None (stateOf (counting [ ProjectionSourceRef.Tag "eu"; ProjectionSourceRef.Tag "us" ]) longer)

            let ranges = [
                ProjectionSourceRef.Range(1L, 1L)
                ProjectionSourceRef.Range(4L, Int64.MaxValue)
            ]

            equal (Some 3L) (stateOf (counting ranges) longer))

        testCase "a query of alternatives takes the place of types and tags, and is declared" (fun () ->
            let query = Query.either (Query.types [ "shipped" ]) (Examples.ok (Query.tags [ "eu"; "kind:derived" ]))
            let projection = counting [ relevant; ProjectionSourceRef.Range(2L, 9L) ] |> Projection.matching query
            equal (Some 2L) (stateOf projection longer)
            equal query (Projection.query projection)

            equal
                [
                    ProjectionSourceRef.Range(2L, 9L)
                    ProjectionSourceRef.RelevantKind "shipped"
                    ProjectionSourceRef.Tag "eu"
                    ProjectionSourceRef.Tag "kind:derived"
                ]
                (Projection.sources projection))

        testCase "what apply begins with may be given; where nothing matches there is no state all the same" (fun () ->
            let projection = totals |> Projection.startingWith { Count = 10L; Sum = 100L }
            equal (Some { Count = 12L; Sum = 112L }) (stateOf projection journal)
            equal None (stateOf projection Journal.empty))

        testCase "sources are sorted by declaration, then by UTF-8 bytes, and duplicates stay" (fun () ->
            let declared = [
                ProjectionSourceRef.Range(3L, 4L)
                ProjectionSourceRef.Tag "b"
                ProjectionSourceRef.RelevantKind "\U0001F600"
                ProjectionSourceRef.RelevantKind "\uFF5E"
                ProjectionSourceRef.Entity "b"
                ProjectionSourceRef.Range(3L, 3L)
                ProjectionSourceRef.Tag "a"
                ProjectionSourceRef.Entity "a"
                ProjectionSourceRef.Entity "b"
            ]

            let sorted = [
                ProjectionSourceRef.Entity "a"
                ProjectionSourceRef.Entity "b"
                ProjectionSourceRef.Entity "b"
                ProjectionSourceRef.RelevantKind "\uFF5E"
                ProjectionSourceRef.RelevantKind "\U0001F600"
                ProjectionSourceRef.Tag "a"
                ProjectionSourceRef.Tag "b"
                ProjectionSourceRef.Range(3L, 3L)
                ProjectionSourceRef.Range(3L, 4L)
            ]

            let projection = counting declared
            equal declared (Projection.sources projection)
            let report = reportOf (Evidence.runWithEvidence consistent projection journal)
            equal sorted report.Body.SourceRefs)

        testTheory
            "what is gone counts unless its stream or its positions exclude it"
            [
                [], 0L, true
                [], 9L, true
                [], 10L, false
                [ ProjectionSourceRef.Entity "gone" ], 0L, true
                [ ProjectionSourceRef.Entity "other" ], 0L, false
                [ ProjectionSourceRef.Entity "other"; ProjectionSourceRef.Entity "gone" ], 0L, true
                [ ProjectionSourceRef.RelevantKind "any" ], 0L, true
                [ ProjectionSourceRef.Range(1L, 3L) ], 0L, false
                [ ProjectionSourceRef.Range(1L, 4L) ], 0L, true
                [ ProjectionSourceRef.Range(11L, 20L) ], 0L, false
                [ ProjectionSourceRef.Range(1L, 4L) ], 4L, false
            ]
            (fun (sources: ProjectionSourceRef list, after: int64, expected: bool) ->
                let gone = {
                    GoneEntries.none with
                        Streams = [ { Stream = Examples.stream "gone"; Floor = 7L; Last = 10L } ]
                        Deleted = [| struct (4L, 10L) |]
                }

                equal expected (GoneEntries.hasLost after gone (Selection.create Query.all sources)))

        testCase "what is gone of a stream that nobody knows counts for every stream" (fun () ->
            let selection = Selection.create Query.all [ ProjectionSourceRef.Entity "a" ]
            isTrue (GoneEntries.hasLost 0L { GoneEntries.none with Unknown = [| struct (1L, 1L) |] } selection)

            isFalse (GoneEntries.hasLost 0L GoneEntries.none selection))
    ]
