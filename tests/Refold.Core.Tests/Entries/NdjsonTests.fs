// The NDJSON form of entries: the bytes of a line, what is read, every refusal in one line.
// Run by `dotnet test`.
module Refold.Core.Tests.NdjsonTests

open System
open System.Text
open Expecto
open Refold.Core
open Refold.Support

let private utf8 (text: string) = ReadOnlyMemory(Encoding.UTF8.GetBytes text)

let private read (line: string) =
    match Ndjson.tryRead (utf8 line) with
    | Ok line -> line
    | Error error -> failwith (error.ToString())

let private refused (reason: string) (line: byte[]) =
    match Ndjson.tryRead (ReadOnlyMemory line) with
    | Ok line -> failtest $"read as %A{line}"
    | Error error ->
        let text = error.ToString()
        containsText reason text
        lacksText "\n" text

let private guid (digit: char) = Guid.ParseExact(String(digit, 32), "N")

let private small =
    EntryData.create (StreamId.Create "order/1") Role.Event "Placed" (Bytes.OfText """{"sku":"a"}""")

let private entry (data: EntryData) = { Position = 7L; Version = 2L; Batch = 6L; Data = data }

let private full: EntryData = {
    Stream = StreamId.Create "$run/r \"1\""
    Role = Role.Command
    Type = "Place"
    SchemaVersion = 3
    Payload = Bytes.OfText """{ "b" : 1.50, "a":"\u0041" }"""
    Tags = [ Tag.Create "order:1"; Tag.Create "user:é" ]
    Time = Some(DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours 2.0))
    Id = Some(guid 'a')
    CorrelationId = Some(guid 'b')
    CausationId = Some(guid 'c')
    Run = Some(RunId.Create "r \"1\"")
    Drawn = Some UInt64.MaxValue
    Key = Some "key"
}

let private fullLine =
    "{\"position\":7,\"version\":2,\"batch\":6,\"stream\":\"$run/r \\\"1\\\"\",\"type\":\"Place\",\"schemaVersion\":3,"
    + "\"role\":\"command\",\"tags\":[\"order:1\",\"user:é\",\"kind:external\"],\"time\":\"2024-01-02T01:04:05Z\","
    + "\"id\":\"aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa\",\"correlationId\":\"bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb\","
    + "\"causationId\":\"cccccccc-cccc-cccc-cccc-cccccccccccc\",\"run\":\"r \\\"1\\\"\",\"drawn\":\"18446744073709551615\","
    + "\"idempotencyKey\":\"key\",\"data\":{ \"b\" : 1.50, \"a\":\"\\u0041\" }}"

[<Tests>]
let tests =
    testList "Entries / NDJSON" [
        testCase "a line has its members in fixed order and the payload last, as it is" (fun () ->
            for culture in [ "en-US"; "tr-TR"; "sv-SE"; "ar-SA" ] do
                Culture.under culture (fun () -> equal fullLine ((Ndjson.write (entry full)).ToText())))

        testCase "what is absent or the default is not written" (fun () ->
            equal
                """{"position":7,"version":2,"batch":6,"stream":"order/1","type":"Placed","tags":["kind:derived"],"data":{"sku":"a"}}"""
                ((Ndjson.write (entry small)).ToText())

            equal
                """{"stream":"order/1","type":"Placed","data":{"sku":"a"}}"""
                ((Ndjson.writeUnplaced { small with Role = Role.Unmarked }).ToText()))

        testCase "what was written is read back" (fun () ->
            let line = read fullLine
            equal (EntryData.validate full) (Ok line.Data)
            equal (Some 7L, Some 2L, Some 6L) (line.Position, line.Version, line.Batch)
            equal fullLine ((Ndjson.write (entry line.Data)).ToText()))

        testCase "every role is read back from what a line shows of it" (fun () ->
            for role in Role.all do
                let line = (Ndjson.writeUnplaced { small with Role = role }).ToText()
                equal role ((read line).Data.Role)
                // Fact, event and unmarked show in tags alone.
                equal (Role.isApplied role) (not (line.Contains("\"role\"", StringComparison.Ordinal))))

        testTheory
            "a payload stands as data only where it is one JSON value on one line"
            [
                ("null", true)
                ("\"x\"", true)
                ("[1, 2]", true)
                ("{\"a\":1,\"a\":1e999,\"b\":\"\\ud800\"}", true)
                ("", false)
                (" 1", false)
                ("1 ", false)
                ("1\n", false)
                ("[1,\r2]", false)
                ("1 2", false)
                ("{", false)
                ("text", false)
                ("\uFEFF1", false)
            ]
            (fun (payload: string, isJson: bool) ->
                let data = { small with Payload = Bytes.OfText payload }
                let line = (Ndjson.writeUnplaced data).ToText()
                equal isJson (line.EndsWith("\"data\":" + payload + "}", StringComparison.Ordinal))
                equal (not isJson) (line.Contains("\"dataBase64\":", StringComparison.Ordinal))
                equal data ((read line).Data))

        testCase "bytes that are no UTF-8 come back from base64" (fun () ->
            let payload = Bytes.OfHex "22c08022"
            let data = { small with Payload = payload }
            equal payload (((Ndjson.writeUnplaced data).ToText() |> read).Data.Payload))

        testCase "members come in any order, with space, and with a carriage return at the end" (fun () ->
            let line =
                read "{ \"data\" : {\"n\" : 1 } , \"drawn\":12, \"role\":\"command\" ,\"type\":\"T\",\"stream\":\"s\" } \r"

            equal "{\"n\" : 1 }" (line.Data.Payload.ToText())
            equal (Some 12UL) line.Data.Drawn
            equal (None, None, None) (line.Position, line.Version, line.Batch))

        testCase "numbers beyond 2^53 keep every digit" (fun () ->
            let line =
                read """{"stream":"s","type":"T","role":"command","drawn":9007199254740993,"position":9223372036854775807,"data":1}"""

            equal (Some 9007199254740993UL) line.Data.Drawn
            equal (Some Int64.MaxValue) line.Position)

        testCase "a raw line carries canonical bytes that must be those of the line" (fun () ->
            let line = (Ndjson.writeRaw (entry small)).ToText()
            let canonical = Convert.ToBase64String (CanonicalBytes.ofData small).Span
            containsText ("\"canonical\":\"" + canonical + "\",\"data\":") line
            equal small ((read line).Data)
            refused "contradict" (Encoding.UTF8.GetBytes(line.Replace("order/1", "order/2", StringComparison.Ordinal))))

        testTheory
            "bad lines are refused with the member and the rule"
            [
                ("", "the line cannot be read")
                ("not json", "'{' expected")
                ("[]", "'{' expected")
                ("{@,\"data\":1} {}", "nothing may follow")
                ("{\"type\":\"T\",\"data\":1}", "'stream' is missing")
                ("{\"stream\":\"s\",\"data\":1}", "'type' is missing")
                ("{@}", "'data' is missing")
                ("{@,\"data\":1,\"dataBase64\":\"\"}", "not both")
                ("{@,\"data\":}", "a JSON value expected")
                ("{@,\"data\":1,\"Data\":1}", "'Data' is unknown")
                ("{@,\"data\":1,\"data\":1}", "'data' occurs twice")
                ("{@,\"data\":1,\"type\":\"T\"}", "'type' occurs twice")
                ("{\"stream\":\"\",\"type\":\"T\",\"data\":1}", "stream is empty")
                ("{\"stream\":null,\"type\":\"T\",\"data\":1}", "'stream' must be a string")
                ("{\"stream\":\"\\ud800\",\"type\":\"T\",\"data\":1}", "stream cannot be read: at byte 7: the string has a lone surrogate")
                ("{\"stream\":\"a\\u0000\",\"type\":\"T\",\"data\":1}", "stream has a control character at index 1")
                ("{\"stream\":\"s\",\"type\":\"\",\"data\":1}", "type is empty")
                ("{@,\"tags\":\"t\",\"data\":1}", "'tags' must be an array of strings")
                ("{@,\"tags\":[1],\"data\":1}", "'tags' must be an array of strings")
                ("{@,\"tags\":[\"kind:other\"],\"data\":1}", "tag 'kind:other' is reserved")
                ("{@,\"tags\":[\"kind:external\",\"kind:derived\"],\"data\":1}", "contradict each other: kind:external and kind:derived")
                ("{@,\"tags\":[\"a\\nb\"],\"data\":1}", "tag has a control character at index 1")
                ("{@,\"tags\":[\"\"],\"data\":1}", "tag is empty")
                ("{@,\"role\":\"Command\",\"data\":1}", "'role' is 'Command', it must be one of")
                ("{@,\"role\":\"command\",\"tags\":[\"kind:derived\"],\"data\":1}", "role and tags contradict")
                ("{@,\"role\":\"unmarked\",\"tags\":[\"kind:derived\"],\"data\":1}", "role and tags contradict")
                ("{@,\"schemaVersion\":0,\"data\":1}", "'schemaVersion' must be a whole number, 1 or more")
                ("{@,\"schemaVersion\":1.5,\"data\":1}", "'schemaVersion' must be a whole number")
                ("{@,\"schemaVersion\":2147483648,\"data\":1}", "'schemaVersion' is too large")
                ("{@,\"position\":\"1\",\"data\":1}", "'position' must be a whole number")
                ("{@,\"version\":-1,\"data\":1}", "'version' must be a whole number")
                ("{@,\"batch\":9223372036854775808,\"data\":1}", "'batch' must be a whole number")
                ("{@,\"time\":\"2024-01-02T03:04:05\",\"data\":1}", "'time' is no time: a time needs an offset")
                ("{@,\"time\":\"2024-01-02T03:04:05.12345678Z\",\"data\":1}", "at most 7 digits")
                ("{@,\"time\":0,\"data\":1}", "'time' must be a string")
                ("{@,\"id\":\"1\",\"data\":1}", "'id' must be a UUID")
                ("{@,\"run\":\"\",\"data\":1}", "run is empty")
                ("{@,\"drawn\":1,\"data\":1}", "only a command has words drawn")
                ("{@,\"role\":\"command\",\"drawn\":\"-1\",\"data\":1}", "'drawn' must be a whole number below 2^64")
                ("{@,\"role\":\"command\",\"drawn\":18446744073709551616,\"data\":1}", "'drawn' must be a whole number below 2^64")
                ("{@,\"idempotencyKey\":\"\",\"data\":1}", "idempotency key is empty")
                ("{@,\"dataBase64\":\"YQ\"}", "'dataBase64' must be base64")
                ("{@,\"dataBase64\":\"YR==\"}", "'dataBase64' must be base64")
                ("{@,\"dataBase64\":\"Y Q==\"}", "'dataBase64' must be base64")
            ]
            (fun (line: string, reason: string) ->
                refused reason (Encoding.UTF8.GetBytes(line.Replace("@", "\"stream\":\"s\",\"type\":\"T\"", StringComparison.Ordinal))))

        testCase "513 bytes of stream, 65 tags, invalid UTF-8 and too many levels are refused" (fun () ->
            let line stream = $"{{\"stream\":\"{stream}\",\"type\":\"T\",\"data\":1}}"
            equal 512 ((read (line (String('s', 512)))).Data.Stream.Value.Length)
            refused "stream has 513 bytes, at most 512" (Encoding.UTF8.GetBytes(line (String('s', 513))))
            refused "stream has 514 bytes, at most 512" (Encoding.UTF8.GetBytes(line (String('é', 257))))

            let tags = [ for index in 1..65 -> $"\"{index}\"" ] |> String.concat ","

            refused
                "there are more tags than the 64 that are allowed"
                (Encoding.UTF8.GetBytes("{\"stream\":\"s\",\"type\":\"T\",\"data\":1,\"tags\":[" + tags + "]}"))

            let tagged (items: string seq) =
                Encoding.UTF8.GetBytes("{\"stream\":\"s\",\"type\":\"T\",\"data\":1,\"tags\":[" + String.Join(',', items) + "]}")

            let distinct = tagged (Seq.init 500_000 (fun index -> $"\"{index}\""))
            let numbers = tagged (Seq.replicate 500_000 "1")
            let before = GC.GetAllocatedBytesForCurrentThread()
            refused "there are more tags than the 64 that are allowed" distinct
            refused "'tags' must be an array of strings" numbers
            // Looked at one by one, and no further than to the first too many.
            inRange 0L 1_000_000L (GC.GetAllocatedBytesForCurrentThread() - before)

            refused "invalid UTF-8" (Array.append "{\"stream\":\""B [| 0xFFuy; byte '"'; byte '}' |])

            let nested levels = String('[', levels) + String(']', levels)
            let payload = nested 512

            equal payload ((read ("{\"stream\":\"s\",\"type\":\"T\",\"data\":" + payload + "}")).Data.Payload.ToText())

            refused "nested deeper than 512" (Encoding.UTF8.GetBytes("{\"stream\":\"s\",\"type\":\"T\",\"data\":" + nested 513 + "}"))

            let deep = { small with Payload = Bytes.OfText(nested 513) }
            equal deep ((read ((Ndjson.writeUnplaced deep).ToText())).Data))

        testCase "every line of the receipt file is read, and its payload is what stands in the line" (fun () ->
            let lines = (Resources.text "vectors/receipt.ndjson").TrimEnd('\n').Split('\n')
            equal 300 lines.Length

            for text in lines do
                let line = read text
                endsWith (",\"data\":" + line.Data.Payload.ToText() + "}") text
                equal line.Data ((Ndjson.writeUnplaced line.Data).ToText() |> read).Data)
    ]
