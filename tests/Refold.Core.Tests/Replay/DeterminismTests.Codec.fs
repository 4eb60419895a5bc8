// Codecs that lose something on the way, each provoked. The names are core/determinism.md's sections.
// Run by `dotnet test`.
module Refold.Core.Tests.DeterminismCodecTests

open System
open System.Globalization
open System.Text.Json
open Expecto
open Refold.Core
open Refold.Core.Tests.DeterminismPage
open Refold.Support

[<Tests>]
let tests =
    testList "Replay / codecs that lose something" [
        testCase "A codec over an unordered set" (fun () ->
            let set: Codec<string seq> =
                jsonText "note" (fun names -> JsonSerializer.Serialize(Array.ofSeq names)) (fun text ->
                    JsonSerializer.Deserialize<string[]> text
                    |> Option.ofObj
                    |> Option.map (fun names -> Seq.ofList (Set.toList (Set.ofArray names))))

            let aggregate = notesOf set (fun _ _ _ -> Ok [ Seq.ofList [ "plum"; "apple" ] ])
            isRefused "A codec over an unordered set" { aggregate with State = None })

        testCase "A codec that loses an offset" (fun () ->
            let form = "yyyy-MM-dd HH:mm"

            let local: Codec<DateTimeOffset> =
                jsonText "note" (fun time -> "\"" + time.ToString(form, CultureInfo.InvariantCulture) + "\"") (fun text ->
                    match
                        DateTimeOffset.TryParseExact(text.Trim '"', form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
                    with
                    | true, time -> Some time
                    | false, _ -> None)

            let aggregate = notesOf local (fun step _ _ -> Ok [ step.Now.ToOffset(TimeSpan.FromHours 2.0) ])
            isFoundByChecking "A codec that loses an offset" aggregate)

        testCase "Numbers as rounded text" (fun () ->
            let rounded: Codec<float> =
                jsonText "note" (fun value -> value.ToString("F2", CultureInfo.InvariantCulture)) (fun text ->
                    match Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture) with
                    | true, value -> Some value
                    | false, _ -> None)

            // The second note of the latter depends on digits of the first that were not written: it does not see them.
            let same = notesOf rounded (fun _ _ _ -> Ok [ 0.125 ])
            let growing = notesOf rounded (fun _ state _ -> Ok [ 0.004 + 10.0 * List.sum state ])
            isFoundByChecking "Numbers as rounded text" same
            isFoundByChecking "Numbers as rounded text" growing)
    ]
