// The F# code of facade/docs/codecs.md as it stands there: a codec over spans.
// Run by `dotnet test` and by Program.fs; that the page shows this very code is tested by Refold.Tests.
namespace Refold.Properties

open System.Buffers.Binary
open Expecto
open Refold.Core

module SpanCodec =

    let moved =
        Codec.overSpans
            "moved"
            1
            (fun (amount: int64) writer ->
                BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan 8, amount)
                writer.Advance 8
                Ok())
            (SpanDecode(fun payload ->
                if payload.Length = 8 then
                    Ok(BinaryPrimitives.ReadInt64LittleEndian payload)
                else
                    Error "8 bytes expected"))

module CodecsExamples =

    [<Tests>]
    let tests =
        testList
            "Codecs / over spans in F#"
            [
                testCase "reads what it wrote, and refuses other lengths" (fun () ->
                    let written = Expect.wantOk (SpanCodec.moved.Encode 5L) "encoded"
                    Expect.equal (SpanCodec.moved.Decode written) (Ok 5L) "read back"
                    let short = { written with Payload = Bytes.Empty }
                    Expect.isError (SpanCodec.moved.Decode short) "too short")
            ]
