// Canonical JSON: the examples of RFC 8785, what is refused, and state hashes.
// Run by `dotnet test`.
namespace Refold.Core.Tests

open System
open System.Globalization
open System.IO
open System.Text
open Refold.Core
open Xunit
open Xunit.Abstractions

type CanonicalTests(output: ITestOutputHelper) =

    let utf8 (text: string) = ReadOnlyMemory(Encoding.UTF8.GetBytes text)

    let canonical (text: string) =
        match Canonical.ofJson (utf8 text) with
        | Ok bytes -> bytes.ToText()
        | Error error -> failwith (error.ToString())

    let refused (reason: string) (json: byte[]) =
        match Canonical.ofJson (ReadOnlyMemory json) with
        | Ok bytes -> Assert.Fail("accepted as " + bytes.ToText())
        | Error error -> Assert.Contains(reason, error.ToString(), StringComparison.Ordinal)

    [<Fact>]
    member _.``the example of RFC 8785 section 3.2.2 is serialized as section 3.2.3 says``() =
        let input =
            "{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"
            + "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\"literals\": [null, true, false]}"

        let expected =
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            + "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"

        Assert.Equal(expected, canonical input)

    [<Fact>]
    member _.``names are sorted by UTF-16 code units as in section 3.2.3``() =
        let input =
            """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"""

        let names =
            match Canonical.parse (utf8 (canonical input)) with
            | Ok(JsonValue.Object members) -> members |> List.map fst
            | other -> failwith $"%A{other}"

        Assert.Equal<string list>([ "\r"; "1"; "\u0080"; "\u00f6"; "\u20ac"; "\U0001F600"; "\ufb33" ], names)

    [<Theory>]
    [<InlineData("[56,{\"d\":true,\"10\":null,\"1\":[ ]}]", "[56,{\"1\":[],\"10\":null,\"d\":true}]")>]
    [<InlineData("{\"p\u00eache\":3,\"p\u00e9ch\u00e9\":2,\"sin\":4,\"peach\":1}",
                 "{\"peach\":1,\"p\u00e9ch\u00e9\":2,\"p\u00eache\":3,\"sin\":4}")>]
    [<InlineData("{\"1\":{\"f\":{\"f\":\"hi\",\"F\":5},\"\\n\":56.0},\"\":\"empty\",\"a\":{},\"A\":{}}",
                 "{\"\":\"empty\",\"1\":{\"\\n\":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"A\":{},\"a\":{}}")>]
    [<InlineData("{\"Unnormalized Unicode\":\"A\\u030a\"}", "{\"Unnormalized Unicode\":\"A\u030a\"}")>]
    member _.``the four small cases have their canonical form``(input: string, expected: string) = Assert.Equal(expected, canonical input)

    [<Fact>]
    member _.``every vector in shared has its canonical form, byte for byte``() =
        match Shared.tryPath output "vectors/jcs" with
        | None -> ()
        | Some directory ->
            let inputs = Directory.GetFiles(Path.Combine(directory, "input"))
            Assert.NotEmpty inputs

            for input in inputs do
                let expected = File.ReadAllBytes(Path.Combine(directory, "output", nonNull (Path.GetFileName input)))

                Assert.Equal(Ok(Bytes.Wrap(ReadOnlyMemory expected)), Canonical.ofJson (ReadOnlyMemory(File.ReadAllBytes input)))

    // RFC 8785 appendix B; the two last are borders of .NET's own notation.
    [<Theory>]
    [<InlineData("0000000000000000", "0")>]
    [<InlineData("8000000000000000", "0")>]
    [<InlineData("0000000000000001", "5e-324")>]
    [<InlineData("8000000000000001", "-5e-324")>]
    [<InlineData("7fefffffffffffff", "1.7976931348623157e+308")>]
    [<InlineData("ffefffffffffffff", "-1.7976931348623157e+308")>]
    [<InlineData("4340000000000000", "9007199254740992")>]
    [<InlineData("c340000000000000", "-9007199254740992")>]
    [<InlineData("4430000000000000", "295147905179352830000")>]
    [<InlineData("44b52d02c7e14af5", "9.999999999999997e+22")>]
    [<InlineData("44b52d02c7e14af6", "1e+23")>]
    [<InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")>]
    [<InlineData("444b1ae4d6e2ef4e", "999999999999999700000")>]
    [<InlineData("444b1ae4d6e2ef4f", "999999999999999900000")>]
    [<InlineData("444b1ae4d6e2ef50", "1e+21")>]
    [<InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")>]
    [<InlineData("3eb0c6f7a0b5ed8d", "0.000001")>]
    [<InlineData("41b3de4355555553", "333333333.3333332")>]
    [<InlineData("41b3de4355555554", "333333333.33333325")>]
    [<InlineData("41b3de4355555555", "333333333.3333333")>]
    [<InlineData("41b3de4355555556", "333333333.3333334")>]
    [<InlineData("41b3de4355555557", "333333333.33333343")>]
    [<InlineData("becbf647612f3696", "-0.0000033333333333333333")>]
    [<InlineData("43143ff3c1cb0959", "1424953923781206.2")>]
    [<InlineData("4341c37937e08000", "10000000000000000")>]
    [<InlineData("3f1a36e2eb1c432d", "0.0001")>]
    member _.``numbers are written as appendix B lists them``(bits: string, expected: string) =
        let value =
            BitConverter.UInt64BitsToDouble(UInt64.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture))

        Assert.Equal(Ok(Bytes.OfText expected), Canonical.write (JsonValue.Number value))

        for culture in [ "tr-TR"; "sv-SE"; "de-DE" ] do
            Culture.under culture (fun () ->
                Assert.Equal(Ok(Bytes.OfText expected), Canonical.write (JsonValue.Number value))
                Assert.Equal(expected, canonical expected))

    [<Theory>]
    [<InlineData("", "a JSON value expected")>]
    [<InlineData("nul", "'null' expected")>]
    [<InlineData("{\"a\":1,\"a\":2}", "'a' occurs twice")>]
    [<InlineData("{\"a\":1,\"\\u0061\":2}", "'a' occurs twice")>]
    [<InlineData("\"\\ud800\"", "lone surrogate")>]
    [<InlineData("\"\\udc00\\ud800\"", "lone surrogate")>]
    [<InlineData("{\"\\ud800x\":1}", "lone surrogate")>]
    [<InlineData("1e400", "outside the range")>]
    [<InlineData("-1e400", "outside the range")>]
    [<InlineData("01", "nothing may follow")>]
    [<InlineData("1.", "a digit expected")>]
    [<InlineData(".5", "a JSON value expected")>]
    [<InlineData("+1", "a JSON value expected")>]
    [<InlineData("-", "a digit expected")>]
    [<InlineData("1e", "a digit expected")>]
    [<InlineData("NaN", "a JSON value expected")>]
    [<InlineData("[1,]", "a JSON value expected")>]
    [<InlineData("[1 2]", "']' expected")>]
    [<InlineData("[1", "the text ends")>]
    [<InlineData("{\"a\" 1}", "':' expected")>]
    [<InlineData("{a:1}", "'\"' expected")>]
    [<InlineData("\"a", "does not end")>]
    [<InlineData("\"a\nb\"", "control character")>]
    [<InlineData("\"\\x\"", "unknown escape")>]
    [<InlineData("\"\\u12g4\"", "hexadecimal")>]
    [<InlineData("\"\\u12", "hexadecimal")>]
    [<InlineData("1 2", "nothing may follow")>]
    [<InlineData("\uFEFF1", "a JSON value expected")>]
    [<InlineData("/* c */ 1", "a JSON value expected")>]
    member _.``what is not strict JSON is refused with the reason``(json: string, reason: string) =
        refused reason (Encoding.UTF8.GetBytes json)

    [<Fact>]
    member _.``invalid UTF-8 is refused``() =
        refused "invalid UTF-8" [| byte '"'; 0xC0uy; 0x80uy; byte '"' |]
        refused "invalid UTF-8" [| byte '"'; 0xEDuy; 0xA0uy; 0x80uy; byte '"' |]
        refused "invalid UTF-8" [| byte '"'; 0xC3uy; byte '"' |]

    [<Fact>]
    member _.``512 levels are read and written, more are refused``() =
        let nested levels = String('[', levels) + String(']', levels)
        Assert.Equal(nested 513, canonical (nested 513))
        refused "nested deeper than 512" (Encoding.UTF8.GetBytes(nested 514))
        refused "nested deeper than 512" (Encoding.UTF8.GetBytes(String('[', 1_000_000)))

        let deep = Seq.fold (fun value _ -> JsonValue.Array [ value ]) JsonValue.Null (Seq.init 600 id)
        Assert.True(Result.isError (Canonical.write deep))

    [<Fact>]
    member _.``a value without a canonical form is refused``() =
        let bad =
            [
                JsonValue.Number nan
                JsonValue.Number infinity
                JsonValue.String(String(char 0xD800, 1))
                JsonValue.Object [ "a", JsonValue.Null; "b", JsonValue.Null; "a", JsonValue.Null ]
            ]

        Assert.All(bad, (fun value -> Assert.True(Result.isError (Canonical.write value))))

    [<Fact>]
    member _.``the hash is SHA-256 of the canonical form``() =
        let expected = Hash.Compute(ReadOnlySpan "{\"a\":1,\"b\":2}"B)
        Assert.Equal(Ok expected, Canonical.hash (utf8 "{ \"b\": 2.0, \"a\": 1e0 }"))

    [<Fact>]
    member _.``a run's state hash is over stream, version and hash, streams by UTF-8 bytes``() =
        let state = StateHash.ofPayload (Bytes.OfText "{}")
        Assert.Equal("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", state.ToString())
        // By UTF-16 units the emoji would come before U+FB33.
        let first, second = StreamId.Create "\ufb33", StreamId.Create "\U0001F600"
        let text = $"\ufb33\n2\n{state}\n\U0001F600\n10\n{state}\n"
        let expected = Hash.Compute(ReadOnlySpan(Encoding.UTF8.GetBytes text))
        Assert.Equal(expected, StateHash.ofRun [ first, 2L, state; second, 10L, state ])
        Assert.Equal(expected, StateHash.ofRun [ second, 10L, state; first, 2L, state ])
        Assert.Equal(Hash.Compute ReadOnlySpan.Empty, StateHash.ofRun [])
