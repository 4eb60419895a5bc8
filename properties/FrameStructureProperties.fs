// Damage to frames of every kind, to COMMIT files and to segments as salvage reads them: refused in bounded memory and time.
// Run by `dotnet test`; for more than 200,000 inputs: `dotnet run --project properties -c Release -- --max-test 1300 --only Structure`.
module Refold.Properties.FrameStructureProperties

open System
open System.Buffers.Binary
open Expecto
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Properties.Damage
open Refold.Properties.SegmentSamples
open Refold.Support

let private seed = Checksum.seed journalId

let private bytesOf (frame: Frame) : byte[] =
    let writer = ByteWriter 1024
    FrameEncoding.write seed writer frame
    writer.Written.ToArray()

let private genText = Gen.choose (1, 40) |> Gen.map (fun length -> String('x', length))

let private genBody =
    let stream = genText |> Gen.map StreamId.Create
    let place: BatchPlace = { First = 5L; Index = 1; Count = 3 }

    let versions =
        stream
        |> Gen.map (fun stream -> { StreamVersions.Stream = stream; First = 1L; Last = 4L })
        |> Gen.nonEmptyListOf

    let receipt =
        versions
        |> Gen.map (fun versions -> {
            FirstPosition = 5L
            Count = 3
            Versions = versions
            Head = { Position = 7L; Hash = Hash.Zero }
        })

    let key =
        Gen.map2 (fun key receipt -> { KnownKey.Key = key; Content = Hash.Zero; Receipt = receipt }) genText receipt

    Gen.oneof [
        Gen.arrayOf (Gen.choose (0, 255) |> Gen.map byte)
        |> Gen.map (fun bytes -> FrameBody.Entry(place, ReadOnlyMemory bytes))
        Gen.map (fun stream -> FrameBody.DeleteTo(stream, 3L)) stream
        Gen.choose (1, 9) |> Gen.map (int64 >> FrameBody.ForgetKeys)
        Gen.map3
            (fun count stream key ->
                FrameBody.Stub(
                    place,
                    {
                        Count = count
                        Hash = Hash.Zero
                        Latest = int64 count - 2L
                        Stream = stream
                        Key = key
                    }
                ))
            (Gen.choose (1, 3))
            (Gen.optionOf stream)
            (Gen.optionOf key)
        Gen.map3
            (fun streams keys keysBefore ->
                FrameBody.Base {
                    Streams = streams
                    Keys = keys
                    KeysBefore = keysBefore
                    Tree = { Batches = 6L; Peaks = [ Hash.Zero; Hash.Zero ]; Latest = keysBefore }
                    Provable = [ { Size = 4L; Proof = [ Hash.Zero ] } ]
                })
            (stream |> Gen.map (fun stream -> { BaseStream.Stream = stream; Highest = 9L; Floor = 3L }) |> Gen.listOf)
            (Gen.listOf key)
            (Gen.elements [ 0L; 5L ])
    ]

let private genFrame =
    Gen.map2
        (fun (body: FrameBody) hasHead -> {
            Epoch = 2u
            Number = 7L
            Flushed = 6L
            Position = 6L
            Version = if body.IsEntry || body.IsStub then 1L else 0L
            Body = body
            Head = if hasHead then ValueSome Hash.Zero else ValueNone
        })
        genBody
        (Gen.elements [ true; false ])

/// The bytes of the frame that was read: one frame has one form.
let private readFrame (memory: ReadOnlyMemory<byte>) : byte[] option =
    match FrameDecoding.read seed memory 0 with
    | Ok found -> Some(bytesOf found.Frame)
    | Error _ -> None

let private cases content = Gen.zip content (Gen.listOfLength 20 genDamage) |> Arb.fromGen

/// Both checksums made right again.
let private repaired (bytes: byte[]) : byte[] =
    let bytes = Array.copy bytes

    if bytes.Length >= 12 then
        let put (offset: int) (checksum: uint32) = BinaryPrimitives.WriteUInt32LittleEndian(Span(bytes, offset, 4), checksum)

        let header = FrameLayout.headerSize (bytes[FrameLayout.flagsOffset] = FrameLayout.headFlag)

        if bytes.Length >= header then
            let body = BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(bytes, FrameLayout.bodyBytesOffset, 4))
            let body = ReadOnlySpan(bytes, header, max 0 (min body (bytes.Length - header)))
            put FrameLayout.checksumOfBodyOffset (Checksum.seeded seed body)
            put (header - 4) (Checksum.seeded seed (ReadOnlySpan(bytes, 0, header - 4)))

    bytes

[<Tests>]
let tests =
    properties "Frames / frames" [
        testProperty
            "damage to a frame is refused"
            (Prop.forAll (cases genFrame) (fun (frame, damages) ->
                let whole = bytesOf frame

                bounded "frame" whole readFrame = Some whole
                && damages
                   |> List.forall (fun damage ->
                       let damaged = apply damage whole

                       match bounded "frame" damaged readFrame with
                       | None -> true
                       // Nothing changed, or only what lies behind the frame.
                       | Some found -> found = whole && damaged.AsSpan().StartsWith(ReadOnlySpan whole))))

        testProperty
            "a frame whose checksums are right is refused, or is one that has exactly these bytes"
            (Prop.forAll (cases genFrame) (fun (frame, damages) ->
                damages
                |> List.forall (fun damage ->
                    let forged = apply damage (bytesOf frame) |> repaired

                    match bounded "frame" forged readFrame with
                    | None -> true
                    | Some found -> forged.AsSpan().StartsWith(ReadOnlySpan found))))

        testProperty
            "a damaged COMMIT says nothing, or what one of its slots said"
            (Prop.forAll (cases (Gen.map build genSteps)) (fun (sample, damages) ->
                let parts = sealAllButLast sample.Segments
                let segments = List.map fst parts
                let items = (snd (List.last parts)).Items
                let whole: byte[] = commitFile segments items false

                let slotsOf (memory: ReadOnlyMemory<byte>) =
                    match Commit.read memory with
                    | Ok reading -> reading.Slot
                    | Error _ -> None

                let said =
                    [ 0; 2048 ]
                    |> List.choose (fun offset ->
                        Commit.decode (int64 offset) (ReadOnlyMemory(whole, offset, Commit.slotBytes)) |> Result.defaultValue None)

                damages
                |> List.forall (fun damage ->
                    match bounded "COMMIT" (apply damage whole) slotsOf with
                    | None -> true
                    | Some slot -> List.contains slot said)))
    ]
