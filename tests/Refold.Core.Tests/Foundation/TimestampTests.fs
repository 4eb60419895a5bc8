// Times as text: what is written, what is read, what is refused.
// Run by `dotnet test`.
module Refold.Core.Tests.TimestampTests

open System
open Expecto
open Refold.Core
open Refold.Support

let private time (ticks: int64) (minutes: int) =
    DateTimeOffset(DateTime(2024, 2, 29, 23, 5, 9).AddTicks ticks, TimeSpan.FromMinutes(float minutes))

[<Tests>]
let tests =
    testList "Foundation / timestamps" [
        testCase "a time is written with its offset and without zeros at the end, in every culture" (fun () ->
            for culture in [ "en-US"; "tr-TR"; "sv-SE"; "ar-SA"; "th-TH" ] do
                Culture.under culture (fun () ->
                    equal "2024-02-29T23:05:09Z" (Timestamp.format (time 0L 0))
                    equal "2024-02-29T23:05:09.0000001Z" (Timestamp.format (time 1L 0))
                    equal "2024-02-29T23:05:09.5-09:30" (Timestamp.format (time 5_000_000L -570))
                    equal "2024-02-29T23:05:09+05:45" (Timestamp.format (time 0L 345))
                    equal (Ok(time 1_200_000L 0)) (Timestamp.parse "2024-02-29T23:05:09.12Z")))

        testCase "what was written is read back, offset included" (fun () ->
            let times = [
                DateTimeOffset.MinValue
                DateTimeOffset.MaxValue
                time 1234567L 0
                time 7L 840
                time 0L -840
            ]

            for time in times do
                match Timestamp.parse (Timestamp.format time) with
                | Ok read -> isTrueFor (Timestamp.format time) (time.EqualsExact read)
                | Error reason -> failtest reason)

        testTheory
            "anything else is refused with the rule"
            [
                ("2024-02-29T23:05:09", "needs an offset")
                ("2024-02-29T23:05:09.1", "needs an offset")
                ("2024-02-29T23:05:09.12345678Z", "at most 7 digits")
                ("2024-02-29T23:05:09.Z", "digits must follow")
                ("2023-02-29T23:05:09Z", "no such time")
                ("2024-02-29T24:00:00Z", "no such time")
                ("2024-02-29T23:59:60Z", "no such time")
                ("0000-01-01T00:00:00Z", "no such time")
                ("2024-13-01T00:00:00Z", "no such time")
                ("2024-02-29 23:05:09Z", "a space stands between date and time")
                ("2024-02-29", "is written")
                ("", "is written")
                ("20240229T230509Z", "is written")
                ("2024-02-29T23:05:09+0200", "offset")
                ("2024-02-29T23:05:09+02", "offset")
                ("2024-02-29T23:05:09+14:01", "offset")
                ("2024-02-29T23:05:09+02:60", "offset")
                ("2024-02-29T23:05:09ZZ", "offset")
                ("0001-01-01T00:00:00+01:00", "years 1 to 9999")
                ("9999-12-31T23:59:59-01:00", "years 1 to 9999")
                ("２０２４-02-29T23:05:09Z", "is written")
            ]
            (fun (text: string, rule: string) ->
                match Timestamp.parse text with
                | Ok read -> failtest ("read as " + Timestamp.format read)
                | Error reason -> containsText rule reason)
    ]
