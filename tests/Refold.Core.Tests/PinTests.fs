// Pins: equality by content, differences, the JSON form and seed 000's.
// Run by `dotnet test`.
module Refold.Core.Tests.PinTests

open System
open System.Collections.Generic
open System.Text.Json
open Refold.Core
open Xunit

// Built, not written: the compiler replaces a lone surrogate in a literal.
let private lone = String(char 0xD800, 1)

let private settings (pairs: (string * string) list) : IEnumerable<KeyValuePair<string, string>> = pairs |> Seq.map KeyValuePair

let private pin = RunPin("opus", "acme", "1.4.0", 3735928559UL, settings [ "b", "2"; "a", "1" ])

let private plain = RunPin("opus", "acme", "1.4.0", 3735928559UL)

[<Fact>]
let ``the form has a fixed order, settings sorted by key, the seed as a string`` () =
    let expected =
        """{"model":"opus","provider":"acme","version":"1.4.0","seed":"3735928559","settings":{"a":"1","b":"2"}}"""

    Assert.Equal(expected, RunPin.toJson pin)

    Assert.Equal("""{"model":"opus","provider":"acme","version":"1.4.0","seed":"3735928559","settings":{}}""", plain.ToJson())

[<Fact>]
let ``run_pin_serde_round_trips: a pin read back is equal`` () =
    Assert.Equal(Ok pin, RunPin.ofJson (pin.ToJson()))
    Assert.Equal(plain, RunPin.Parse(plain.ToJson()))

[<Fact>]
let ``seed 000's form is read: a numeric seed, no settings`` () =
    let json = """{"model":"opus","provider":"acme","version":"1.4.0","seed":3735928559}"""
    Assert.Equal(Ok plain, RunPin.ofJson json)

[<Fact>]
let ``every character survives, as any JSON reader sees it`` () =
    let text = String(Array.init 0x300 char) + "\u2028\uFFFF\U0001F600\U0010FFFF"
    let strange = RunPin(text, "\\\"/", "", UInt64.MaxValue, settings [ text, text; "", "" ])
    Assert.Equal(strange, RunPin.Parse(strange.ToJson()))
    use document = JsonDocument.Parse(strange.ToJson())
    Assert.Equal(text, document.RootElement.GetProperty("model").GetString())

    Assert.Equal(
        """{"model":"\u0000\b\t\n\f\r\u001f\"\\/é","provider":"","version":"","seed":"0","settings":{}}""",
        RunPin("\u0000\b\t\n\f\r\u001f\"\\/é", "", "", 0UL).ToJson()
    )

[<Fact>]
let ``whatever is no pin is refused, with one exception and one only`` () =
    let rest = "\"provider\":\"p\",\"version\":\"v\",\"seed\":\"1\""

    let broken =
        [
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
        Assert.True(Result.isError (RunPin.ofJson json), json)
        let read, _ = RunPin.TryParse json
        Assert.False(read, json)
        Assert.Throws<FormatException>(fun () -> RunPin.Parse json |> ignore) |> ignore

[<Fact>]
let ``a pin takes no text that has no UTF-8 form, and no null`` () =
    let refused (make: unit -> RunPin) = Assert.ThrowsAny<ArgumentException>(fun () -> make () |> ignore) |> ignore

    let missing = Unchecked.defaultof<string>
    refused (fun () -> RunPin(lone, "", "", 0UL))
    refused (fun () -> RunPin("", lone, "", 0UL))
    refused (fun () -> RunPin("", "", "a" + lone + "b", 0UL))
    refused (fun () -> RunPin("", "", missing, 0UL))
    refused (fun () -> RunPin("", "", "", 0UL, settings [ lone, "" ]))
    refused (fun () -> RunPin("", "", "", 0UL, settings [ "key", missing ]))
    refused (fun () -> plain.With("key", lone))
    refused (fun () -> plain.With(missing, ""))

[<Fact>]
let ``pins differ in the fields that differ, an empty setting from an absent one`` () =
    Assert.Empty(pin.DiffersIn(RunPin("opus", "acme", "1.4.0", 3735928559UL, settings [ "a", "1"; "b", "2" ])))

    Assert.Equal<string seq>(
        [
            "model"
            "provider"
            "version"
            "seed"
            "settings/a"
            "settings/b"
            "settings/c"
        ],
        pin.DiffersIn(RunPin("o", "a", "1", 1UL, settings [ "b", "3"; "c", "" ]))
    )

    Assert.NotEqual(plain, plain.With("key", ""))
    Assert.Equal(plain.With("key", "2"), plain.With("key", "1").With("key", "2"))
    Assert.Empty plain.Settings
