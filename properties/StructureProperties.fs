// Damage to COMMIT, trailers, footers, checkpoints and markers: refused or read as absent, in bounded memory, never another value.
// Run by `dotnet test`; for more than 200,000 inputs: `dotnet run --project properties -c Release -- --max-test 1300 --only Structure`.
module Refold.Properties.StructureProperties

open System
open System.Buffers.Binary
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Properties.Damage
open Refold.Properties.SegmentSamples
open Refold.Support

let private seed = Checksum.seed journalId

/// What one structure says.
[<NoComparison>]
type private Value =
    | Slot of CommitSlot
    | Trailer of SegmentTrailer
    | Rows of SegmentRows
    | Root of CheckpointRoot
    | Marker of CompactionMarker

/// A structure: its bytes, and what reading them gives; `None` where it is refused or absent.
[<NoEquality; NoComparison>]
type private Structure = { Name: string; Bytes: byte[]; Read: ReadOnlyMemory<byte> -> Value option }

let private whole (make: 'Content -> Value) (result: Result<'Content, FrameError>) : Value option =
    match result with
    | Ok content -> Some(make content)
    | Error _ -> None

let private present (make: 'Content -> Value) (result: Result<'Content option, FrameError>) : Value option =
    match result with
    | Ok(Some content) -> Some(make content)
    | _ -> None

let private slotOf (segments: byte[] list) items =
    (commitFile segments items false).AsMemory(int (Commit.slotOffset 6L), Commit.slotBytes).ToArray()

let private structures (sample: Sample) : Structure list =
    let parts = sealAllButLast sample.Segments
    let segments = List.map fst parts
    let items = (snd (List.last parts)).Items
    let header = headerOf (List.last segments)
    let owner = { Seed = seed; FirstFrame = header.FirstFrame }
    let before = treeBefore segments
    let footer = (FooterEncoding.pages owner (IndexRows.ofItems header.HasIds before items)).ToArray()

    let readFooter (memory: ReadOnlyMemory<byte>) =
        FooterDecoding.read {
            Owner = owner
            Offset = 0L
            Pages = footer.Length / Page.bytes
            FramesEnd = Int64.MaxValue
            Read =
                fun offset count ->
                    let start = int (min offset (int64 memory.Length))
                    memory.Slice(start, min count (memory.Length - start))
        }

    let sealing = FooterEncoding.seal header header.FileBytes before items 4096L 99L sample.Head 1u
    let length = sealing.TrailerOffset + int64 sealing.Trailer.Length

    let marker = {
        JournalId = journalId
        SetGeneration = 3L
        Sources = segments |> List.map nameOf
        Target = { FirstPosition = 1L; Generation = 77 }
    }

    let first bytes = (bytes: ReadOnlyMemory<byte>).ToArray()

    [
        {
            Name = "slot"
            Bytes = slotOf segments items
            Read = Commit.decode 0L >> present Slot
        }
        {
            Name = "trailer"
            Bytes = first sealing.Trailer
            Read = SegmentTrailer.decode header length >> present Trailer
        }
        { Name = "footer"; Bytes = footer; Read = readFooter >> whole Rows }
        {
            Name = "checkpoint"
            Bytes = Array.truncate Checkpoint.rootBytes (snd (checkpointFile segments items))
            Read = Checkpoint.decode >> whole Root
        }
        {
            Name = "marker"
            Bytes = first (Refold.Format.Marker.encode marker)
            Read = Refold.Format.Marker.decode >> whole Marker
        }
    ]

let private readBounded (structure: Structure) (bytes: byte[]) = Damage.bounded structure.Name bytes structure.Read

let private cases =
    gen {
        let! sample = Gen.map build genSteps
        let! damages = Gen.listOfLength 10 genDamage
        return sample, damages
    }
    |> Arb.fromGen

/// The checksum made right again, as nobody does by accident: then every field is judged for itself.
let private repaired (structure: Structure) (bytes: byte[]) =
    let bytes = Array.copy bytes

    if structure.Name = "footer" then
        for page in 0 .. bytes.Length / Page.bytes - 1 do
            let start = page * Page.bytes
            let checksum = Checksum.seeded seed (ReadOnlySpan(bytes, start + 4, Page.bytes - 4))
            BinaryPrimitives.WriteUInt32LittleEndian(Span(bytes, start, 4), checksum)
    elif bytes.Length >= 4 then
        let register = if structure.Name = "trailer" then seed else 0xFFFFFFFFu
        let checksum = Checksum.seeded register (ReadOnlySpan(bytes, 0, bytes.Length - 4))
        BinaryPrimitives.WriteUInt32LittleEndian(Span(bytes, bytes.Length - 4, 4), checksum)

    bytes

let private slot sequence : CommitSlot = {
    JournalId = journalId
    Sequence = sequence
    Epoch = 1u
    SetGeneration = 0L
    Segment = { FirstPosition = 1L; Generation = 0 }
    EndOffset = 128L
    LastFrame = sequence
    Head = Head.empty
    IsClosed = false
}

let private files =
    gen {
        let! first = Gen.choose (1, 1000)
        let! damageFirst, damageSecond = Gen.two (Gen.elements [ true; false ])
        let! bits = Gen.two (Gen.choose (0, Commit.slotBytes * 8 - 1))
        return int64 first, (damageFirst, damageSecond), bits
    }

[<Tests>]
let tests =
    properties "Opening / structures" [
        testProperty
            "damage to any structure is refused or read as absent"
            (Prop.forAll cases (fun (sample, damages) ->
                structures sample
                |> List.forall (fun structure ->
                    let whole = readBounded structure structure.Bytes

                    whole.IsSome
                    && damages
                       |> List.forall (fun damage ->
                           let damaged = apply damage structure.Bytes
                           let found = readBounded structure damaged

                           found.IsNone || (ReadOnlySpan(damaged).SequenceEqual(ReadOnlySpan structure.Bytes) && found = whole)))))

        testProperty
            "fields that lie under a right checksum are read or refused in bounded memory"
            (Prop.forAll cases (fun (sample, damages) ->
                structures sample
                |> List.forall (fun structure ->
                    damages
                    |> List.forall (fun damage ->
                        let forged = apply damage structure.Bytes |> repaired structure

                        match readBounded structure forged with
                        | None -> true
                        | Some(Rows rows) ->
                            // Whatever it says, nothing in it points outside.
                            rows.Entries |> Array.forall (fun row -> row.Stream < rows.Streams.Length && row.Batch < rows.Batches.Length)
                            && rows.Postings |> Array.forall (fun entry -> entry < rows.Entries.Length)
                        | Some _ -> true))))

        testCase "every prefix and every bit of a slot, a trailer, a marker and a checkpoint's fields is guarded" (fun () ->
            let small = build [ [ Append [ 0, 3; 1, 5 ] ]; [ Append [ 0, 1 ] ] ]

            for structure in structures small do
                let whole = structure.Read(ReadOnlyMemory structure.Bytes)
                isTrue whole.IsSome

                for length in 0 .. structure.Bytes.Length - 1 do
                    isTrueFor ($"{structure.Name}: {length}") ((structure.Read(ReadOnlyMemory(structure.Bytes, 0, length))).IsNone)

                for bit in 0 .. min (structure.Bytes.Length * 8) 4096 - 1 do
                    isTrueFor ($"{structure.Name}: {bit}") ((structure.Read(ReadOnlyMemory(apply (Flip bit) structure.Bytes))).IsNone))

        testProperty
            "of two slots the valid one with the higher sequence counts, and with none there is none"
            (Prop.forAll (Arb.fromGen files) (fun (first, (damageFirst, damageSecond), (firstBit, secondBit)) ->
                let file = Array.zeroCreate<byte> Commit.fileBytes

                let put (sequence: int64) damaged bit =
                    let bytes = (Commit.encode (slot sequence)).ToArray()
                    let bytes = if damaged then apply (Flip bit) bytes else bytes
                    bytes.CopyTo(file, int (Commit.slotOffset sequence))

                put first damageFirst firstBit
                put (first + 1L) damageSecond secondBit

                let expected =
                    if not damageSecond then Some(first + 1L)
                    elif not damageFirst then Some first
                    else None

                match Commit.read (ReadOnlyMemory file) with
                | Ok reading ->
                    (reading.Slot |> Option.map _.Sequence) = expected
                    && reading.Damaged.Length = ([ damageFirst; damageSecond ] |> List.filter id).Length
                | Error _ -> false))
    ]
