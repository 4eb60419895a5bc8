// Frames byte by byte: published checksum vectors, golden bytes, every kind there and back, what is refused.
// Run by `dotnet test`.
module Refold.Format.Tests.FrameTests

open System
open System.Text
open Expecto
open Refold.Core
open Refold.Format
open Refold
open Refold.Support

let private journalId = Guid "00112233-4455-6677-8899-aabbccddeeff"

let private seed = Checksum.seed journalId

let private plain (bytes: byte[]) = Checksum.plain (ReadOnlySpan bytes)

let private ok result =
    match result with
    | Ok value -> value
    | Error error -> invalidOp $"{error}"

let private data =
    EntryData.create (StreamId.Create "s") Role.Event "t" (Bytes.OfText "{}") |> CanonicalBytes.ofData

let private place: BatchPlace = { First = 7L; Index = 0; Count = 1 }

let private frame body : Frame = {
    Epoch = 2u
    Number = 5L
    Flushed = 4L
    Position = 7L
    Version = 3L
    Body = body
    Head = ValueNone
}

let private bytesOf frame =
    let writer = ByteWriter 16
    FrameEncoding.write seed writer frame
    writer.Written.ToArray()

let private hexOf (value: uint32) = Convert.ToHexStringLower(BitConverter.GetBytes value)

let private read (bytes: byte[]) = FrameDecoding.read seed (ReadOnlyMemory bytes) 0

[<Tests>]
let tests =
    testList "Frames / frames" [
        testCase "the checksum is CRC32C: the vectors of RFC 3720 B.4" (fun () ->
            equal 0x8A9136AAu (plain (Array.zeroCreate 32))
            equal 0x62A8AB43u (plain (Array.create 32 0xFFuy))
            equal 0x46DD794Eu (plain (Array.init 32 byte))
            equal 0x113FDB5Cu (plain (Array.init 32 (fun index -> byte (31 - index))))
            equal 0xE3069283u (plain (Encoding.ASCII.GetBytes "123456789")))

        testCase "the checksum of many bytes, in lanes, is that of one byte behind the other" (fun () ->
            let bytes = Array.init 9000 (fun index -> byte (index * 7919 >>> 3))
            let mutable register = 0xFFFFFFFFu

            let slow =
                Array.init bytes.Length (fun index ->
                    let before = register
                    register <- System.Numerics.BitOperations.Crc32C(register, bytes[index])
                    ~~~before)

            for length in Seq.append [ 0..1200 ] [ 1201..37..8999 ] do
                equal slow[length] (Checksum.plain (ReadOnlySpan(bytes, 0, length))))

        testCase "a seeded checksum is that of the journal id and then the bytes" (fun () ->
            let id = Convert.FromHexString "00112233445566778899aabbccddeeff"
            equal (plain (Array.append id [| 1uy; 2uy; 3uy |])) (Checksum.seeded seed (ReadOnlySpan [| 1uy; 2uy; 3uy |])))

        testCase "an entry's frame is, byte by byte, what FORMAT.md says" (fun () ->
            let head = Hash.Compute(ReadOnlySpan [| 1uy |])
            let bytes = bytesOf { frame (FrameBody.Entry(place, data.Memory)) with Head = ValueSome head }

            let header =
                "98000000" // length
                + "01" // kind
                + "01" // flags: a head
                + "05" // role
                + "00" // fields
                + "02000000" // epoch
                + "00000000" // index
                + "0500000000000000" // frame number
                + "0400000000000000" // flushed
                + "0700000000000000" // position
                + "0300000000000000" // version
                + "0700000000000000" // first position of the batch
                + "01000000" // count
                + "20000000" // length of the body
                + "0100" // bytes of the stream's name
                + "0100" // bytes of the type
                + "02000000" // bytes of the payload
                + "0400" // bytes of the tags
                + "0000" // bytes of the run
                + hexOf (Checksum.seeded seed data.Memory.Span) // checksum of the body
                + "01000000" // schema version
                + string head

            startsWith "0100000073" (data.ToHex())
            equal 32 data.Length
            // 88 + 32 + 32.
            equal 152 bytes.Length
            equal header (Convert.ToHexStringLower bytes[0..115])
            equal (Checksum.seeded seed (ReadOnlySpan bytes[0..115])) (BitConverter.ToUInt32(bytes, 116))
            equal (data.ToHex()) (Convert.ToHexStringLower bytes[120..151]))

        testCase "a header says where every field of its entry lies" (fun () ->
            let full = {
                EntryData.create (StreamId.Create "stream") Role.Fact "type" (Bytes.OfText "[1,2]") with
                    SchemaVersion = 3
                    Tags = [ Tag.Create "a"; Tag.Create "bc" ]
                    Time = Some(DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
                    Id = Some(Guid "11111111-1111-1111-1111-111111111111")
                    CausationId = Some(Guid "22222222-2222-2222-2222-222222222222")
                    Run = Some(RunId.Create "run")
                    Key = Some "key"
            }

            let bytes = (CanonicalBytes.ofData full).Memory
            let layoutOf (length: int) = CanonicalLayout.tryRead (bytes.Span.Slice(0, length))

            let layout =
                match layoutOf bytes.Length with
                | ValueSome layout -> layout
                | ValueNone -> failwith "no layout"

            let slice (offset: int) (count: int) = bytes.Span.Slice(offset, count).ToArray()
            equal "stream" (Encoding.UTF8.GetString(slice CanonicalLayout.streamOffset layout.Stream))
            equal "type" (Encoding.UTF8.GetString(slice (CanonicalLayout.typeOffset layout) layout.Type))
            equal "[1,2]" (Encoding.UTF8.GetString(slice (CanonicalLayout.payloadOffset layout) layout.Payload))
            equal 2 (BitConverter.ToInt32(slice (CanonicalLayout.tagsOffset layout) 4, 0))
            equal (full.Time |> Option.map _.UtcTicks) (Some(BitConverter.ToInt64(slice (CanonicalLayout.timeOffset layout + 1) 8, 0)))
            equal full.Id (Some(Guid(ReadOnlySpan(slice (CanonicalLayout.idOffset layout + 1) 16), true)))
            equal [| 0uy |] (slice (CanonicalLayout.correlationOffset layout) 1)
            equal full.CausationId (Some(Guid(ReadOnlySpan(slice (CanonicalLayout.causationOffset layout + 1) 16), true)))
            equal "run" (Encoding.UTF8.GetString(slice (CanonicalLayout.runOffset layout + 5) layout.Run))
            equal 3 layout.SchemaVersion
            isTrue (CanonicalLayout.has CanonicalLayout.key layout)
            isTrue (not (CanonicalLayout.has CanonicalLayout.drawn layout))

            for length in 0 .. bytes.Length - 1 do
                isTrueFor ($"{length} bytes") (layoutOf length = ValueNone))

        testCase "every kind of frame comes back as it was written" (fun () ->
            let leaf = Hash.Compute(ReadOnlySpan [| 2uy |])
            let stream = StreamId.Create "stream"

            let receipt = {
                FirstPosition = 2L
                Count = 3
                Versions = [ { Stream = stream; First = 1L; Last = 3L } ]
                Head = { Position = 4L; Hash = leaf }
            }

            let content = {
                Streams = [ { Stream = stream; Highest = 9L; Floor = 4L } ]
                Keys = [ { Key = "key"; Content = leaf; Receipt = receipt } ]
                KeysBefore = 3L
                Tree = { Batches = 5L; Peaks = [ leaf; Hash.Zero ]; Latest = 17L }
                Provable = [ { Size = 3L; Proof = [ leaf ] } ]
            }

            let dropped = {
                Count = 2
                Hash = leaf
                Latest = 9L
                Stream = Some stream
                Key = Some { Key = "key"; Content = leaf; Receipt = receipt }
            }

            let bodies = [
                FrameBody.Entry(place, data.Memory)
                FrameBody.Stub(
                    place,
                    {
                        Count = 17
                        Hash = Hash.Zero
                        Latest = TreePlace.noTime
                        Stream = None
                        Key = None
                    }
                )
                FrameBody.Stub(place, dropped)
                FrameBody.Stub(place, { dropped with Key = None })
                FrameBody.DeleteTo(stream, 4L)
                FrameBody.Base content
                FrameBody.ForgetKeys 6L
            ]

            for body in bodies do
                for head in [ ValueNone; ValueSome leaf ] do
                    let isInside = body.IsEntry || body.IsStub
                    let version = if isInside then 3L else 0L
                    let bytes = bytesOf { frame body with Head = head; Version = version }
                    let found = ok (read bytes)
                    equal bytes.Length found.Size
                    equal 0 (bytes.Length % 8)
                    equal head found.Frame.Head
                    equal 5L found.Frame.Number
                    equal bytes (bytesOf found.Frame)

                    match body, found.Frame.Body with
                    | FrameBody.Base written, FrameBody.Base found ->
                        equal written.Streams.Head.Floor found.Streams.Head.Floor
                        equal written.KeysBefore found.KeysBefore
                        equal written.Tree found.Tree
                        equal written.Provable found.Provable
                        equal written.Keys.Head.Receipt.Head.Position found.Keys.Head.Receipt.Head.Position
                    | FrameBody.DeleteTo(stream, version), FrameBody.DeleteTo(found, foundVersion) ->
                        equal stream found
                        equal version foundVersion
                    | FrameBody.Stub(_, written), FrameBody.Stub(_, found) -> equal written found
                    | FrameBody.ForgetKeys written, FrameBody.ForgetKeys found -> equal written found
                    | FrameBody.Entry _, FrameBody.Entry _ -> ()
                    | _ -> failtest "another kind")

        testCase "a frame that ends early is torn, one with another bit is corrupt, one of another journal is corrupt" (fun () ->
            let bytes = bytesOf (frame (FrameBody.Entry(place, data.Memory)))

            for length in 0 .. bytes.Length - 1 do
                match read (Array.truncate length bytes) with
                | Error(FrameError.Torn _) -> ()
                | other -> failtest $"{length} bytes: {other}"

            for bit in 0 .. bytes.Length * 8 - 1 do
                let flipped = Array.copy bytes
                flipped[bit / 8] <- flipped[bit / 8] ^^^ (1uy <<< bit % 8)
                isTrueFor ($"bit {bit}") (Result.isError (read flipped))

            let foreign = FrameDecoding.read (Checksum.seed Guid.Empty) (ReadOnlyMemory bytes) 0
            isTrue (Result.isError foreign))

        testCase "a frame that breaks the layout is refused although its checksums are right" (fun () ->
            let refusesIn body version change =
                let bytes = bytesOf { frame body with Version = version }
                change bytes
                let checksum = Checksum.seeded seed (ReadOnlySpan(bytes, 0, 84))
                BitConverter.TryWriteBytes(Span(bytes, 84, 4), checksum) |> ignore<bool>

                match read bytes with
                | Error(FrameError.Corrupt(0L, "the layout of a frame", _, _)) -> ()
                | other -> failtest $"{other}"

            let refuses = refusesIn (FrameBody.Entry(place, data.Memory)) 3L
            refuses (fun bytes -> bytes[4] <- 9uy) // a kind that does not exist
            refuses (fun bytes -> bytes[5] <- 2uy) // a flag that does not exist
            refuses (fun bytes -> bytes[60] <- 0xF0uy) // a body longer than the frame
            refuses (fun bytes -> bytes[60] <- 1uy) // a body far shorter than the frame

            // What the header says of the entry's bytes, and they do not.
            for field in [ 6; 7; 64; 66; 68; 72; 74; 80 ] do
                refuses (fun bytes -> bytes[field] <- bytes[field] ^^^ 1uy)

            // A batch, a version or an entry's fields in a frame of none.
            let stream = StreamId.Create "stream"

            for body in
                [
                    FrameBody.DeleteTo(stream, 1L)
                    FrameBody.Base {
                        Streams = []
                        Keys = []
                        KeysBefore = 0L
                        Tree = TreePlace.none
                        Provable = []
                    }
                    FrameBody.ForgetKeys 1L
                ] do
                for field in [ 6; 7; 12; 40; 48; 56; 64; 66; 68; 72; 74; 80 ] do
                    refusesIn body 0L (fun bytes -> bytes[field] <- 1uy))
    ]
