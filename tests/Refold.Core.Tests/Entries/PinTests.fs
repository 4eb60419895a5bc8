// Pins: equality by content, differences, the JSON form and seed 000's.
// Run by `dotnet test`.
module Refold.Core.Tests.PinTests

open System
open System.Collections.Generic
open System.Text.Json
open Expecto
open Refold.Core
open Refold.Support

// Built, not written: the compiler replaces a lone surrogate in a literal.
let private lone = String(char 0xD800, 1)

let private settings (pairs: (string * string) list) : IEnumerable<KeyValuePair<string, string>> = pairs |> Seq.map KeyValuePair

let private pin = RunPin("opus", "acme", "1.4.0", 3735928559UL, settings [ "b", "2"; "a", "1" ])

let private plain = RunPin("opus", "acme", "1.4.0", 3735928559UL)

[<Tests>]
let tests =
    testList "Entries / pins" [
        testCase "the form has a fixed order, settings sorted by key, the seed as a string" (fun () ->
            let expected =
                """{"model":"opus","provider":"acme","version":"1.4.0","seed":"3735928559","settings":{"a":"1","b":"2"}}"""

            equal expected (RunPin.toJson pin)

            equal """{"model":"opus","provider":"acme","version":"1.4.0","seed":"3735928559","settings":{}}""" (plain.ToJson()))

        testCase "run_pin_serde_round_trips: a pin read back is equal" (fun () ->
            equal (Ok pin) (RunPin.ofJson (pin.ToJson()))
            equal plain (RunPin.Parse(plain.ToJson())))

        testCase "seed 000's form is read: a numeric seed, no settings" (fun () ->
            let json = """{"model":"opus","provider":"acme","version":"1.4.0","seed":3735928559}"""
            equal (Ok plain) (RunPin.ofJson json))

        testCase "every character survives, as any JSON reader sees it" (fun () ->
            let text = String(Array.init 0x300 char) + "\u2028\uFFFF\U0001F600\U0010FFFF"
            let strange = RunPin(text, "\\\"/", "", UInt64.MaxValue, settings [ text, text; "", "" ])
            equal strange (RunPin.Parse(strange.ToJson()))
            use document = JsonDocument.Parse(strange.ToJson())
            equal text (nonNull (document.RootElement.GetProperty("model").GetString()))

            equal
                """{"model":"\u0000\b\t\n\f\r\u001f\"\\/é","provider":"","version":"","seed":"0","settings":{}}"""
                (RunPin("\u0000\b\t\n\f\r\u001f\"\\/é", "", "", 0UL).ToJson()))

        testCase "whatever is no pin is refused, with one exception and one only" (fun () ->
            let rest = "\"provider\":\"p\",\"version\":\"v\",\"seed\":\"1\""

            let broken = [
                ""
                "null"
                "[]"
                "{}"
                "{" + rest + "}"
                "{\"model\":1," + rest + "}"
                "{\"model\":null," + rest + "}"
                "{\"model\":\"\\ud800\"," + rest + "}"
                "{\"model\":\"" + lone + "\"," + rest + "}"
                "{\"model\":\"m\"," + rest + ",\"model\":\"m\"}"
                "{\"model\":\"m\"," + rest + ",\"other\":\"m\"}"
                "{\"model\":\"m\"," + rest + ",\"settings\":null}"
                "{\"model\":\"m\"," + rest + ",\"settings\":[]}"
                "{\"model\":\"m\"," + rest + ",\"settings\":{\"a\":1}}"
                "{\"model\":\"m\"," + rest + ",\"settings\":{\"a\":null}}"
                "{\"model\":\"m\"," + rest + ",\"settings\":{\"a\":\"1\",\"a\":\"1\"}}"
                "{\"model\":\"m\"," + rest + ",\"settings\":{\"\\udc00\":\"1\"}}"
                "{\"model\":\"m\",\"provider\":\"p\",\"version\":\"v\"}"
                "{\"model\":\"m\",\"provider\":\"p\",\"version\":\"v\",\"seed\":-1}"
                "{\"model\":\"m\",\"provider\":\"p\",\"version\":\"v\",\"seed\":\"18446744073709551616\"}"
                "{\"model\":\"m\",\"provider\":\"p\",\"version\":\"v\",\"seed\":1.0}"
                Unchecked.defaultof<string>
            ]

            for json in broken do
                isTrueFor json (Result.isError (RunPin.ofJson json))
                let read, _ = RunPin.TryParse json
                isFalseFor json read
                throws<FormatException>(fun () -> RunPin.Parse json |> ignore) |> ignore)

        testCase "a pin takes no text that has no UTF-8 form, and no null" (fun () ->
            let refused (make: unit -> RunPin) = throwsAny<ArgumentException>(fun () -> make () |> ignore) |> ignore

            let missing = Unchecked.defaultof<string>
            refused (fun () -> RunPin(lone, "", "", 0UL))
            refused (fun () -> RunPin("", lone, "", 0UL))
            refused (fun () -> RunPin("", "", "a" + lone + "b", 0UL))
            refused (fun () -> RunPin("", "", missing, 0UL))
            refused (fun () -> RunPin("", "", "", 0UL, settings [ lone, "" ]))
            refused (fun () -> RunPin("", "", "", 0UL, settings [ "key", missing ]))
            refused (fun () -> plain.With("key", lone))
            refused (fun () -> plain.With(missing, "")))

        testCase "pins differ in the fields that differ, an empty setting from an absent one" (fun () ->
            isEmpty (pin.DiffersIn(RunPin("opus", "acme", "1.4.0", 3735928559UL, settings [ "a", "1"; "b", "2" ])))

            equal
                [
                    "model"
                    "provider"
                    "version"
                    "seed"
                    "settings/a"
                    "settings/b"
                    "settings/c"
                ]
                (List.ofSeq (pin.DiffersIn(RunPin("o", "a", "1", 1UL, settings [ "b", "3"; "c", "" ]))))

            notEqual plain (plain.With("key", ""))
            equal (plain.With("key", "2")) (plain.With("key", "1").With("key", "2"))
            isEmpty plain.Settings)
    ]
