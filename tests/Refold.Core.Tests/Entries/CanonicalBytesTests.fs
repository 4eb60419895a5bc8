// The byte form of entries, against bytes written by hand from FORMAT.md's description.
// Run by `dotnet test`.
module Refold.Core.Tests.CanonicalBytesTests

open System
open Expecto
open Refold.Core
open Refold.Support.Examples
open Refold.Support

let private full =
    let guid (first: int) = Guid(ReadOnlySpan [| for value in first .. first + 15 -> byte value |], true)

    {
        EntryData.create (stream "order/ü") Role.Command "order.place" (Bytes.OfText """{"n":1}""") with
            SchemaVersion = 3
            Tags = [ tag "a"; tag "b" ]
            Time = Some(DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks 1L)
            Id = Some(guid 0)
            CorrelationId = Some(guid 16)
            CausationId = Some(guid 32)
            Run = Some(RunId.Create "run-1")
            Drawn = Some UInt64.MaxValue
            Key = Some "key"
    }

// Field by field, as the format describes them.
let private golden = [
    "08000000" + "6f726465722fc3bc" // stream
    "01" // role
    "0b000000" + "6f726465722e706c616365" // type
    "03000000" // schema version
    "07000000" + "7b226e223a317d" // payload
    "02000000" + "01000000" + "61" + "01000000" + "62" // tags
    "01" + "01c000995c0adc08" // time, 100 ns steps since year 1
    "01" + "000102030405060708090a0b0c0d0e0f" // id
    "01" + "101112131415161718191a1b1c1d1e1f" // correlation id
    "01" + "202122232425262728292a2b2c2d2e2f" // causation id
    "01" + "05000000" + "72756e2d31" // run
    "01" + "ffffffffffffffff" // words drawn
    "01" + "03000000" + "6b6579" // idempotency key
]

/// The full entry's bytes with one field, by its place in the format, written otherwise.
let private withField (place: int) (hex: string) =
    let bytes = golden |> List.updateAt place hex |> String.concat "" |> Bytes.OfHex
    CanonicalBytes.tryRead bytes.Memory

[<Tests>]
let tests =
    testList "Entries / canonical bytes" [
        testCase "an entry with everything has these bytes" (fun () ->
            equal (String.concat "" golden) ((CanonicalBytes.ofData full).ToHex()))

        testCase "an entry with nothing optional has these bytes" (fun () ->
            let least = EntryData.create (stream "s") Role.Unmarked "t" Bytes.Empty

            let expected =
                "0100000073" + "00" + "0100000074" + "01000000" + "00000000" + "00000000" + "00000000000000"

            equal expected ((CanonicalBytes.ofData least).ToHex()))

        testCase "bytes read back give the entry they were made of" (fun () ->
            for data in [ full; EntryData.create (stream "s") Role.Unmarked "t" Bytes.Empty ] do
                equal (Some data) (CanonicalBytes.tryRead (CanonicalBytes.ofData data).Memory))

        testCase "every field is in the bytes: changing any one changes them" (fun () ->
            let changed = [
                { full with Stream = stream "other" }
                { full with Role = Role.Effect; Drawn = None }
                { full with Drawn = Some 0UL }
                { full with Type = "order.placed" }
                { full with SchemaVersion = 4 }
                { full with Payload = Bytes.OfText """{"n":2}""" }
                { full with Tags = [ tag "a" ] }
                { full with Time = None }
                { full with Id = None }
                { full with CorrelationId = full.Id }
                { full with CausationId = None }
                { full with Run = Some(RunId.Create "run-2") }
                { full with Key = None }
            ]

            let forms = full :: changed |> List.map (fun data -> (CanonicalBytes.ofData data).ToHex())
            equal forms.Length ((List.distinct forms).Length))

        testCase "bytes cut anywhere, or followed by another, are no entry" (fun () ->
            let bytes = (CanonicalBytes.ofData full).Memory

            for length in 0 .. bytes.Length - 1 do
                equal None (CanonicalBytes.tryRead (bytes.Slice(0, length)))

            equal None (CanonicalBytes.tryRead (ReadOnlyMemory(Array.append (bytes.ToArray()) [| 0uy |]))))

        testCase "a changed byte gives another entry or none, never the same one" (fun () ->
            let bytes = (CanonicalBytes.ofData full).Memory

            for index in 0 .. bytes.Length - 1 do
                let changed = bytes.ToArray()
                changed[index] <- changed[index] ^^^ 0x80uy
                notEqual (Some full) (CanonicalBytes.tryRead (ReadOnlyMemory changed)))

        testCase "a field that no valid entry has is refused" (fun () ->
            equal None (withField 0 "00000000") // no stream
            equal None (withField 0 "01000000ff") // no UTF-8
            equal None (withField 1 "07") // no role
            equal None (withField 2 "00000000") // no type
            equal None (withField 3 "00000000") // schema version 0
            equal None (withField 4 "ffffffff") // a negative length
            equal None (withField 5 "02000000" |> Option.map _.Tags) // tags missing
            equal None (withField 5 "ffffffff") // a negative number of tags
            equal None (withField 6 "02c000995c0adc0801") // neither absent nor present
            equal None (withField 6 "01ffffffffffffffff") // a time before year 1
            equal None (withField 6 "01ffffffffffffff7f") // a time after year 9999
            equal None (withField 10 "0100000000") // an empty run
            // An empty key.
            equal None (withField 12 "0100000000"))

        testCase "tags out of order, repeated, or with a reserved kind are not canonical" (fun () ->
            equal None (withField 5 "0200000001000000620100000061")
            equal None (withField 5 "0200000001000000610100000061")
            let reserved = "kind:derived"B |> Convert.ToHexStringLower
            equal None (withField 5 ("01000000" + "0c000000" + reserved)))

        testCase "words drawn by an entry that is no command are refused" (fun () -> equal None (withField 1 "05"))
    ]
