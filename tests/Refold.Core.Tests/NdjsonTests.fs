// The NDJSON form of entries: the bytes of a line, what is read, every refusal in one line.
// Run by `dotnet test`.
namespace Refold.Core.Tests

open System
open System.IO
open System.Text
open Refold.Core
open Xunit
open Xunit.Abstractions

type NdjsonTests(output: ITestOutputHelper) =

    let utf8 (text: string) = ReadOnlyMemory(Encoding.UTF8.GetBytes text)

    let read (line: string) =
        match Ndjson.tryRead (utf8 line) with
        | Ok line -> line
        | Error error -> failwith (error.ToString())

    let refused (reason: string) (line: byte[]) =
        match Ndjson.tryRead (ReadOnlyMemory line) with
        | Ok line -> Assert.Fail $"read as %A{line}"
        | Error error ->
            let text = error.ToString()
            Assert.Contains(reason, text, StringComparison.Ordinal)
            Assert.DoesNotContain("\n", text, StringComparison.Ordinal)

    let guid (digit: char) = Guid.ParseExact(String(digit, 32), "N")

    let small =
        EntryData.create (StreamId.Create "order/1") Role.Event "Placed" (Bytes.OfText """{"sku":"a"}""")

    let entry (data: EntryData) = { Position = 7L; Version = 2L; Batch = 6L; Data = data }

    let full: EntryData =
        {
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

    let fullLine =
        "{\"position\":7,\"version\":2,\"batch\":6,\"stream\":\"$run/r \\\"1\\\"\",\"type\":\"Place\",\"schemaVersion\":3,"
        + "\"role\":\"command\",\"tags\":[\"order:1\",\"user:é\",\"kind:external\"],\"time\":\"2024-01-02T01:04:05Z\","
        + "\"id\":\"aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa\",\"correlationId\":\"bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb\","
        + "\"causationId\":\"cccccccc-cccc-cccc-cccc-cccccccccccc\",\"run\":\"r \\\"1\\\"\",\"drawn\":\"18446744073709551615\","
        + "\"idempotencyKey\":\"key\",\"data\":{ \"b\" : 1.50, \"a\":\"\\u0041\" }}"

    [<Fact>]
    member _.``a line has its members in fixed order and the payload last, as it is``() =
        for culture in [ "en-US"; "tr-TR"; "sv-SE"; "ar-SA" ] do
            Culture.under culture (fun () -> Assert.Equal(fullLine, (Ndjson.write (entry full)).ToText()))

    [<Fact>]
    member _.``what is absent or the default is not written``() =
        Assert.Equal(
            """{"position":7,"version":2,"batch":6,"stream":"order/1","type":"Placed","tags":["kind:derived"],"data":{"sku":"a"}}""",
            (Ndjson.write (entry small)).ToText()
        )

        Assert.Equal(
            """{"stream":"order/1","type":"Placed","data":{"sku":"a"}}""",
            (Ndjson.writeUnplaced { small with Role = Role.Unmarked }).ToText()
        )

    [<Fact>]
    member _.``what was written is read back``() =
        let line = read fullLine
        Assert.Equal(EntryData.validate full, Ok line.Data)
        Assert.Equal((Some 7L, Some 2L, Some 6L), (line.Position, line.Version, line.Batch))
        Assert.Equal(fullLine, (Ndjson.write (entry line.Data)).ToText())

    [<Fact>]
    member _.``every role is read back from what a line shows of it``() =
        for role in Role.all do
            let line = (Ndjson.writeUnplaced { small with Role = role }).ToText()
            Assert.Equal(role, (read line).Data.Role)
            // Fact, event and unmarked show in tags alone.
            Assert.Equal(Role.isApplied role, not (line.Contains("\"role\"", StringComparison.Ordinal)))

    [<Theory>]
    [<InlineData("null", true)>]
    [<InlineData("\"x\"", true)>]
    [<InlineData("[1, 2]", true)>]
    [<InlineData("{\"a\":1,\"a\":1e999,\"b\":\"\\ud800\"}", true)>]
    [<InlineData("", false)>]
    [<InlineData(" 1", false)>]
    [<InlineData("1 ", false)>]
    [<InlineData("1\n", false)>]
    [<InlineData("[1,\r2]", false)>]
    [<InlineData("1 2", false)>]
    [<InlineData("{", false)>]
    [<InlineData("text", false)>]
    [<InlineData("\uFEFF1", false)>]
    member _.``a payload stands as data only where it is one JSON value on one line``(payload: string, isJson: bool) =
        let data = { small with Payload = Bytes.OfText payload }
        let line = (Ndjson.writeUnplaced data).ToText()
        Assert.Equal(isJson, line.EndsWith("\"data\":" + payload + "}", StringComparison.Ordinal))
        Assert.Equal(not isJson, line.Contains("\"dataBase64\":", StringComparison.Ordinal))
        Assert.Equal(data, (read line).Data)

    [<Fact>]
    member _.``bytes that are no UTF-8 come back from base64``() =
        let payload = Bytes.OfHex "22c08022"
        let data = { small with Payload = payload }
        Assert.Equal(payload, ((Ndjson.writeUnplaced data).ToText() |> read).Data.Payload)

    [<Fact>]
    member _.``members come in any order, with space, and with a carriage return at the end``() =
        let line =
            read "{ \"data\" : {\"n\" : 1 } , \"drawn\":12, \"role\":\"command\" ,\"type\":\"T\",\"stream\":\"s\" } \r"

        Assert.Equal("{\"n\" : 1 }", line.Data.Payload.ToText())
        Assert.Equal(Some 12UL, line.Data.Drawn)
        Assert.Equal((None, None, None), (line.Position, line.Version, line.Batch))

    [<Fact>]
    member _.``numbers beyond 2^53 keep every digit``() =
        let line =
            read """{"stream":"s","type":"T","role":"command","drawn":9007199254740993,"position":9223372036854775807,"data":1}"""

        Assert.Equal(Some 9007199254740993UL, line.Data.Drawn)
        Assert.Equal(Some Int64.MaxValue, line.Position)

    [<Fact>]
    member _.``a raw line carries canonical bytes that must be those of the line``() =
        let line = (Ndjson.writeRaw (entry small)).ToText()
        let canonical = Convert.ToBase64String (CanonicalBytes.ofData small).Span
        Assert.Contains("\"canonical\":\"" + canonical + "\",\"data\":", line, StringComparison.Ordinal)
        Assert.Equal(small, (read line).Data)
        refused "contradict" (Encoding.UTF8.GetBytes(line.Replace("order/1", "order/2", StringComparison.Ordinal)))

    [<Theory>]
    [<InlineData("", "the line cannot be read")>]
    [<InlineData("not json", "'{' expected")>]
    [<InlineData("[]", "'{' expected")>]
    [<InlineData("{@,\"data\":1} {}", "nothing may follow")>]
    [<InlineData("{\"type\":\"T\",\"data\":1}", "'stream' is missing")>]
    [<InlineData("{\"stream\":\"s\",\"data\":1}", "'type' is missing")>]
    [<InlineData("{@}", "'data' is missing")>]
    [<InlineData("{@,\"data\":1,\"dataBase64\":\"\"}", "not both")>]
    [<InlineData("{@,\"data\":}", "a JSON value expected")>]
    [<InlineData("{@,\"data\":1,\"Data\":1}", "'Data' is unknown")>]
    [<InlineData("{@,\"data\":1,\"data\":1}", "'data' occurs twice")>]
    [<InlineData("{@,\"data\":1,\"type\":\"T\"}", "'type' occurs twice")>]
    [<InlineData("{\"stream\":\"\",\"type\":\"T\",\"data\":1}", "stream is empty")>]
    [<InlineData("{\"stream\":null,\"type\":\"T\",\"data\":1}", "'stream' must be a string")>]
    [<InlineData("{\"stream\":\"\\ud800\",\"type\":\"T\",\"data\":1}", "stream cannot be read: at byte 7: the string has a lone surrogate")>]
    [<InlineData("{\"stream\":\"a\\u0000\",\"type\":\"T\",\"data\":1}", "stream has a control character at index 1")>]
    [<InlineData("{\"stream\":\"s\",\"type\":\"\",\"data\":1}", "type is empty")>]
    [<InlineData("{@,\"tags\":\"t\",\"data\":1}", "'tags' must be an array of strings")>]
    [<InlineData("{@,\"tags\":[1],\"data\":1}", "'tags' must be an array of strings")>]
    [<InlineData("{@,\"tags\":[\"kind:other\"],\"data\":1}", "tag 'kind:other' is reserved")>]
    [<InlineData("{@,\"tags\":[\"kind:external\",\"kind:derived\"],\"data\":1}", "contradict each other: kind:external and kind:derived")>]
    [<InlineData("{@,\"tags\":[\"a\\nb\"],\"data\":1}", "tag has a control character at index 1")>]
    [<InlineData("{@,\"tags\":[\"\"],\"data\":1}", "tag is empty")>]
    [<InlineData("{@,\"role\":\"Command\",\"data\":1}", "'role' is 'Command', it must be one of")>]
    [<InlineData("{@,\"role\":\"command\",\"tags\":[\"kind:derived\"],\"data\":1}", "role and tags contradict")>]
    [<InlineData("{@,\"role\":\"unmarked\",\"tags\":[\"kind:derived\"],\"data\":1}", "role and tags contradict")>]
    [<InlineData("{@,\"schemaVersion\":0,\"data\":1}", "'schemaVersion' must be a whole number, 1 or more")>]
    [<InlineData("{@,\"schemaVersion\":1.5,\"data\":1}", "'schemaVersion' must be a whole number")>]
    [<InlineData("{@,\"schemaVersion\":2147483648,\"data\":1}", "'schemaVersion' is too large")>]
    [<InlineData("{@,\"position\":\"1\",\"data\":1}", "'position' must be a whole number")>]
    [<InlineData("{@,\"version\":-1,\"data\":1}", "'version' must be a whole number")>]
    [<InlineData("{@,\"batch\":9223372036854775808,\"data\":1}", "'batch' must be a whole number")>]
    [<InlineData("{@,\"time\":\"2024-01-02T03:04:05\",\"data\":1}", "'time' is no time: a time needs an offset")>]
    [<InlineData("{@,\"time\":\"2024-01-02T03:04:05.12345678Z\",\"data\":1}", "at most 7 digits")>]
    [<InlineData("{@,\"time\":0,\"data\":1}", "'time' must be a string")>]
    [<InlineData("{@,\"id\":\"1\",\"data\":1}", "'id' must be a UUID")>]
    [<InlineData("{@,\"run\":\"\",\"data\":1}", "run is empty")>]
    [<InlineData("{@,\"drawn\":1,\"data\":1}", "only a command has words drawn")>]
    [<InlineData("{@,\"role\":\"command\",\"drawn\":\"-1\",\"data\":1}", "'drawn' must be a whole number below 2^64")>]
    [<InlineData("{@,\"role\":\"command\",\"drawn\":18446744073709551616,\"data\":1}", "'drawn' must be a whole number below 2^64")>]
    [<InlineData("{@,\"idempotencyKey\":\"\",\"data\":1}", "idempotency key is empty")>]
    [<InlineData("{@,\"dataBase64\":\"YQ\"}", "'dataBase64' must be base64")>]
    [<InlineData("{@,\"dataBase64\":\"YR==\"}", "'dataBase64' must be base64")>]
    [<InlineData("{@,\"dataBase64\":\"Y Q==\"}", "'dataBase64' must be base64")>]
    member _.``bad lines are refused with the member and the rule``(line: string, reason: string) =
        refused reason (Encoding.UTF8.GetBytes(line.Replace("@", "\"stream\":\"s\",\"type\":\"T\"", StringComparison.Ordinal)))

    [<Fact>]
    member _.``513 bytes of stream, 65 tags, invalid UTF-8 and too many levels are refused``() =
        let line stream = $"{{\"stream\":\"{stream}\",\"type\":\"T\",\"data\":1}}"
        Assert.Equal(512, (read (line (String('s', 512)))).Data.Stream.Value.Length)
        refused "stream has 513 bytes, at most 512" (Encoding.UTF8.GetBytes(line (String('s', 513))))
        refused "stream has 514 bytes, at most 512" (Encoding.UTF8.GetBytes(line (String('é', 257))))

        let tags = [ for index in 1..65 -> $"\"{index}\"" ] |> String.concat ","

        refused
            "there are 65 tags, at most 64"
            (Encoding.UTF8.GetBytes("{\"stream\":\"s\",\"type\":\"T\",\"data\":1,\"tags\":[" + tags + "]}"))

        refused "invalid UTF-8" (Array.append "{\"stream\":\""B [| 0xFFuy; byte '"'; byte '}' |])

        let nested levels = String('[', levels) + String(']', levels)
        let payload = nested 513

        Assert.Equal(payload, (read ("{\"stream\":\"s\",\"type\":\"T\",\"data\":" + payload + "}")).Data.Payload.ToText())

        refused "nested deeper than 512" (Encoding.UTF8.GetBytes("{\"stream\":\"s\",\"type\":\"T\",\"data\":" + nested 514 + "}"))

        let deep = { small with Payload = Bytes.OfText(nested 514) }
        Assert.Equal(deep, (read ((Ndjson.writeUnplaced deep).ToText())).Data)

    [<Fact>]
    member _.``every line of the receipt file is read, and its payload is what stands in the line``() =
        match Shared.tryPath output "data/receipt.ndjson" with
        | None -> ()
        | Some path ->
            let lines = File.ReadAllLines path
            Assert.NotEmpty lines

            for text in lines do
                let line = read text
                Assert.EndsWith(",\"data\":" + line.Data.Payload.ToText() + "}", text, StringComparison.Ordinal)
                Assert.Equal(line.Data, ((Ndjson.writeUnplaced line.Data).ToText() |> read).Data)
