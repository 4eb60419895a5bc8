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

        testCase "a seeded checksum is that of the journal id and then the bytes" (fun () ->
            let id = Convert.FromHexString "00112233445566778899aabbccddeeff"
            equal (plain (Array.append id [| 1uy; 2uy; 3uy |])) (Checksum.seeded seed (ReadOnlySpan [| 1uy; 2uy; 3uy |])))

        testCase "an entry's frame is, byte by byte, what FORMAT.md says" (fun () ->
            let head = Hash.Compute(ReadOnlySpan [| 1uy |])
            let bytes = bytesOf { frame (FrameBody.Entry(place, data.Memory)) with Head = ValueSome head }

            let content =
                "01" // kind
                + "01" // flags: a head
                + "0000"
                + "02000000" // epoch
                + "0500000000000000" // frame number
                + "0400000000000000" // flushed
                + "0700000000000000" // position
                + "0300000000000000" // version
                + "0700000000000000" // first position of the batch
                + "00000000" // index
                + "01000000" // count
                + "20000000" // length of the body
                + "00000000"
                + data.ToHex()
                + string head

            startsWith "0100000073" (data.ToHex())
            equal 32 data.Length
            // 72 + 32 + 32 + 4 = 140, and so 144 with 4 bytes of zeros before the checksum.
            equal "90000000" (Convert.ToHexStringLower bytes[0..3])
            equal (Checksum.seeded seed (ReadOnlySpan bytes[0..3])) (BitConverter.ToUInt32(bytes, 4))
            equal (content + "00000000") (Convert.ToHexStringLower bytes[8..139])
            equal (Checksum.seeded seed (ReadOnlySpan bytes[0..139])) (BitConverter.ToUInt32(bytes, 140))
            equal 144 bytes.Length)

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
            }

            let dropped = {
                Stream = stream
                Count = 2
                Hash = leaf
                Key = Some { Key = "key"; Content = leaf; Versions = receipt.Versions }
            }

            let bodies = [
                FrameBody.Entry(place, data.Memory)
                FrameBody.Stub(place, 17, leaf)
                FrameBody.Dropped(place, dropped)
                FrameBody.Dropped(place, { dropped with Key = None })
                FrameBody.DeleteTo stream
                FrameBody.Base content
                FrameBody.ForgetKeys
            ]

            for body in bodies do
                for head in [ ValueNone; ValueSome leaf ] do
                    let bytes = bytesOf { frame body with Head = head }
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
                        equal written.Keys.Head.Receipt.Head.Position found.Keys.Head.Receipt.Head.Position
                    | FrameBody.DeleteTo written, FrameBody.DeleteTo found -> equal written found
                    | FrameBody.Stub(_, count, _), FrameBody.Stub(_, found, _) -> equal count found
                    | FrameBody.Dropped(_, written), FrameBody.Dropped(_, found) -> equal written found
                    | FrameBody.Entry _, FrameBody.Entry _
                    | FrameBody.ForgetKeys, FrameBody.ForgetKeys -> ()
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
            let refusesIn body change =
                let bytes = bytesOf (frame body)
                change bytes
                let checksum = Checksum.seeded seed (ReadOnlySpan(bytes, 0, bytes.Length - 4))
                BitConverter.TryWriteBytes(Span(bytes, bytes.Length - 4, 4), checksum) |> ignore<bool>

                match read bytes with
                | Error(FrameError.Corrupt(0L, "the layout of a frame", _, _)) -> ()
                | other -> failtest $"{other}"

            let refuses = refusesIn (FrameBody.Entry(place, data.Memory))
            refuses (fun bytes -> bytes[8] <- 9uy) // a kind that does not exist
            refuses (fun bytes -> bytes[9] <- 2uy) // a flag that does not exist
            refuses (fun bytes -> bytes[10] <- 1uy) // what has to be zero
            refuses (fun bytes -> bytes[64] <- 0xF0uy) // a body longer than the frame
            refuses (fun bytes -> bytes[64] <- 1uy) // a body far shorter than the frame
            refuses (fun bytes -> bytes[9] <- 1uy) // a head for which there is no room

            // A batch in a frame of none.
            let stream = StreamId.Create "stream"

            for body in
                [
                    FrameBody.DeleteTo stream
                    FrameBody.Base { Streams = []; Keys = []; KeysBefore = 0L }
                    FrameBody.ForgetKeys
                ] do
                for field in [ 48; 56; 60 ] do
                    refusesIn body (fun bytes -> bytes[field] <- 1uy))
    ]
