// Canonical JSON: the examples of RFC 8785, what is refused, and state hashes.
// Run by `dotnet test`.
module Refold.Core.Tests.CanonicalTests

open System
open System.Globalization
open System.Text
open Expecto
open Refold.Core
open Refold.Support

let private utf8 (text: string) = ReadOnlyMemory(Encoding.UTF8.GetBytes text)

let private canonical (text: string) =
    match Canonical.ofJson (utf8 text) with
    | Ok bytes -> bytes.ToText()
    | Error error -> failwith (error.ToString())

let private refused (reason: string) (json: byte[]) =
    match Canonical.ofJson (ReadOnlyMemory json) with
    | Ok bytes -> failtest ("accepted as " + bytes.ToText())
    | Error error -> containsText reason (error.ToString())

[<Tests>]
let tests =
    testList "Foundation / canonical JSON" [
        testCase "the example of RFC 8785 section 3.2.2 is serialized as section 3.2.3 says" (fun () ->
            let input =
                "{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"
                + "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\"literals\": [null, true, false]}"

            let expected =
                "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
                + "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"

            equal expected (canonical input))

        testCase "names are sorted by UTF-16 code units as in section 3.2.3" (fun () ->
            let input =
                """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","""
                + """"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"""

            let names =
                match Canonical.parse (utf8 (canonical input)) with
                | Ok(JsonValue.Object members) -> members |> List.map fst
                | other -> failwith $"%A{other}"

            equal [ "\r"; "1"; "\u0080"; "\u00f6"; "\u20ac"; "\U0001F600"; "\ufb33" ] names)

        testTheory
            "the four small cases have their canonical form"
            [
                ("[56,{\"d\":true,\"10\":null,\"1\":[ ]}]", "[56,{\"1\":[],\"10\":null,\"d\":true}]")
                ("{\"p\u00eache\":3,\"p\u00e9ch\u00e9\":2,\"sin\":4,\"peach\":1}",
                 "{\"peach\":1,\"p\u00e9ch\u00e9\":2,\"p\u00eache\":3,\"sin\":4}")
                ("{\"1\":{\"f\":{\"f\":\"hi\",\"F\":5},\"\\n\":56.0},\"\":\"empty\",\"a\":{},\"A\":{}}",
                 "{\"\":\"empty\",\"1\":{\"\\n\":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"A\":{},\"a\":{}}")
                ("{\"Unnormalized Unicode\":\"A\\u030a\"}", "{\"Unnormalized Unicode\":\"A\u030a\"}")
            ]
            (fun (input: string, expected: string) -> equal expected (canonical input))

        testCase "every published vector has its canonical form, byte for byte" (fun () ->
            let names = Resources.names "vectors/jcs/input/"
            equal 4 names.Length

            for name in names do
                let expected = Resources.bytes ("vectors/jcs/output/" + name)
                let input = Resources.bytes ("vectors/jcs/input/" + name)
                equal (Ok(Bytes.Wrap(ReadOnlyMemory expected))) (Canonical.ofJson (ReadOnlyMemory input)))

        // RFC 8785 appendix B; the two last are borders of .NET's own notation.
        testTheory
            "numbers are written as appendix B lists them"
            [
                ("0000000000000000", "0")
                ("8000000000000000", "0")
                ("0000000000000001", "5e-324")
                ("8000000000000001", "-5e-324")
                ("7fefffffffffffff", "1.7976931348623157e+308")
                ("ffefffffffffffff", "-1.7976931348623157e+308")
                ("4340000000000000", "9007199254740992")
                ("c340000000000000", "-9007199254740992")
                ("4430000000000000", "295147905179352830000")
                ("44b52d02c7e14af5", "9.999999999999997e+22")
                ("44b52d02c7e14af6", "1e+23")
                ("44b52d02c7e14af7", "1.0000000000000001e+23")
                ("444b1ae4d6e2ef4e", "999999999999999700000")
                ("444b1ae4d6e2ef4f", "999999999999999900000")
                ("444b1ae4d6e2ef50", "1e+21")
                ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")
                ("3eb0c6f7a0b5ed8d", "0.000001")
                ("41b3de4355555553", "333333333.3333332")
                ("41b3de4355555554", "333333333.33333325")
                ("41b3de4355555555", "333333333.3333333")
                ("41b3de4355555556", "333333333.3333334")
                ("41b3de4355555557", "333333333.33333343")
                ("becbf647612f3696", "-0.0000033333333333333333")
                ("43143ff3c1cb0959", "1424953923781206.2")
                ("4341c37937e08000", "10000000000000000")
                ("3f1a36e2eb1c432d", "0.0001")
            ]
            (fun (bits: string, expected: string) ->
                let value =
                    BitConverter.UInt64BitsToDouble(UInt64.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture))

                equal (Ok(Bytes.OfText expected)) (Canonical.write (JsonValue.Number value))

                for culture in [ "tr-TR"; "sv-SE"; "de-DE" ] do
                    Culture.under culture (fun () ->
                        equal (Ok(Bytes.OfText expected)) (Canonical.write (JsonValue.Number value))
                        equal expected (canonical expected)))

        testTheory
            "what is not strict JSON is refused with the reason"
            [
                ("", "a JSON value expected")
                ("nul", "'null' expected")
                ("{\"a\":1,\"a\":2}", "'a' occurs twice")
                ("{\"a\":1,\"\\u0061\":2}", "'a' occurs twice")
                ("\"\\ud800\"", "lone surrogate")
                ("\"\\udc00\\ud800\"", "lone surrogate")
                ("{\"\\ud800x\":1}", "lone surrogate")
                ("1e400", "outside the range")
                ("-1e400", "outside the range")
                ("01", "nothing may follow")
                ("1.", "a digit expected")
                (".5", "a JSON value expected")
                ("+1", "a JSON value expected")
                ("-", "a digit expected")
                ("1e", "a digit expected")
                ("NaN", "a JSON value expected")
                ("[1,]", "a JSON value expected")
                ("[1 2]", "']' expected")
                ("[1", "the text ends")
                ("{\"a\" 1}", "':' expected")
                ("{a:1}", "'\"' expected")
                ("\"a", "does not end")
                ("\"a\nb\"", "control character")
                ("\"\\x\"", "unknown escape")
                ("\"\\u12g4\"", "hexadecimal")
                ("\"\\u12", "hexadecimal")
                ("1 2", "nothing may follow")
                ("\uFEFF1", "a JSON value expected")
                ("/* c */ 1", "a JSON value expected")
            ]
            (fun (json: string, reason: string) -> refused reason (Encoding.UTF8.GetBytes json))

        testCase "invalid UTF-8 is refused" (fun () ->
            refused "invalid UTF-8" [| byte '"'; 0xC0uy; 0x80uy; byte '"' |]
            refused "invalid UTF-8" [| byte '"'; 0xEDuy; 0xA0uy; 0x80uy; byte '"' |]
            refused "invalid UTF-8" [| byte '"'; 0xC3uy; byte '"' |])

        testCase "512 levels are read and written, more are refused" (fun () ->
            let nested levels = String('[', levels) + String(']', levels)
            equal (nested 512) (canonical (nested 512))
            refused "nested deeper than 512" (Encoding.UTF8.GetBytes(nested 513))
            refused "nested deeper than 512" (Encoding.UTF8.GetBytes(String('[', 1_000_000)))

            let deep levels = Seq.fold (fun value _ -> JsonValue.Array [ value ]) JsonValue.Null (Seq.init levels id)
            isTrue (Result.isOk (Canonical.write (deep 512)))
            isTrue (Result.isError (Canonical.write (deep 513))))

        testCase "a value without a canonical form is refused" (fun () ->
            let bad = [
                JsonValue.Number nan
                JsonValue.Number infinity
                JsonValue.String(String(char 0xD800, 1))
                JsonValue.Object [ "a", JsonValue.Null; "b", JsonValue.Null; "a", JsonValue.Null ]
            ]

            for value in bad do
                isTrue (Result.isError (Canonical.write value)))

        testCase "the hash is SHA-256 of the canonical form" (fun () ->
            let expected = Hash.Compute(ReadOnlySpan "{\"a\":1,\"b\":2}"B)
            equal (Ok expected) (Canonical.hash (utf8 "{ \"b\": 2.0, \"a\": 1e0 }")))

        testCase "a run's state hash is over stream, version and hash, streams by UTF-8 bytes" (fun () ->
            let state = StateHash.ofPayload (Bytes.OfText "{}")
            equal "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" (state.ToString())
            // By UTF-16 units the emoji would come before U+FB33.
            let first, second = StreamId.Create "\ufb33", StreamId.Create "\U0001F600"
            let text = $"\ufb33\n2\n{state}\n\U0001F600\n10\n{state}\n"
            let expected = Hash.Compute(ReadOnlySpan(Encoding.UTF8.GetBytes text))
            equal expected (StateHash.ofRun [ first, 2L, state; second, 10L, state ])
            equal expected (StateHash.ofRun [ second, 10L, state; first, 2L, state ])
            equal (Hash.Compute ReadOnlySpan.Empty) (StateHash.ofRun []))
    ]
