// Names, roles, tags and what makes an entry valid.
// Run by `dotnet test`.
module Refold.Core.Tests.EntryTests

open System
open Expecto
open FSharp.Reflection
open Refold.Core
open Refold.Support.Examples
open Refold.Support

// Built, not written: the compiler replaces a lone surrogate in a literal.
let private lone = String(char 0xDC00, 1)

[<Tests>]
let tests =
    testList "Entries / entries" [
        testCase "a stream name has 1 to 512 UTF-8 bytes, counted in bytes" (fun () ->
            equal 512 ((StreamId.tryCreate (String('ü', 256)) |> ok).Value |> Text.Encoding.UTF8.GetByteCount)
            equal (ValueError.TooLong("stream", 513, 512)) (StreamId.tryCreate (String('ü', 256) + "x") |> error)
            equal (ValueError.Empty "stream") (StreamId.tryCreate "" |> error))

        testCase "a name with a control character or half a surrogate pair is none, and the index is named" (fun () ->
            equal (ValueError.ControlCharacter("stream", 1)) (StreamId.tryCreate "a\nb" |> error)
            equal (ValueError.ControlCharacter("stream", 2)) (StreamId.tryCreate "ab\u0085" |> error)
            equal (ValueError.LoneSurrogate("stream", 3)) (StreamId.tryCreate ("\U0001F600a" + lone) |> error)
            equal (ValueError.ControlCharacter("tag", 0)) (Tag.TryCreate "\u007F" |> error)
            equal "\U0001F600" ((StreamId.tryCreate "\U0001F600" |> ok).Value))

        testCase "a run name has at most 128 bytes and a stream of its own that is Refold's" (fun () ->
            equal (ValueError.TooLong("run", 129, 128)) (RunId.tryCreate (String('r', 129)) |> error)
            let run = RunId.Create "nightly"
            equal (stream "$run/nightly") run.Stream
            isTrue run.Stream.IsSystem
            isFalse (stream "run/$").IsSystem)

        testCase "names are ordered by UTF-8 bytes, where UTF-16 order is another" (fun () ->
            // U+FF5E is above the surrogates in UTF-16, and below U+1F600 in UTF-8.
            let names = [ "b"; "\U0001F600"; "\uFF5E"; "a"; "ab"; "Z" ]
            let expected = [ "Z"; "a"; "ab"; "b"; "\uFF5E"; "\U0001F600" ]
            equal expected (names |> List.map stream |> List.sort |> List.map _.Value)
            equal expected (names |> List.map tag |> Tags.ofSeq |> ok |> List.map _.Value))

        testCase "a role's byte is its place in the list of all, and its name reads back" (fun () ->
            equal [ 0uy .. 7uy ] (Role.all |> List.map Role.toByte)

            for role in Role.all do
                equal (Some role) (Role.ofByte (Role.toByte role))
                equal (Some role) (Role.ofName (Role.name role))

            equal None (Role.ofByte 8uy)
            equal None (Role.ofName "Command"))

        testCase
            "commands, facts, effects and control entries are external, events, refusals and messages derived, unmarked ones show nothing"
            (fun () ->
                let kinds = [
                    for role in Role.all -> Role.name role, Role.kind role |> Option.map EntryKind.tag
                ]

                let expected = [
                    "unmarked", None
                    "command", Some "kind:external"
                    "fact", Some "kind:external"
                    "effect", Some "kind:external"
                    "control", Some "kind:external"
                    "event", Some "kind:derived"
                    "refusal", Some "kind:derived"
                    "message", Some "kind:derived"
                ]

                equal expected kinds)

        testCase "folding applies facts, events and unmarked entries, so an untagged entry is handled as derived" (fun () ->
            let applied = Role.all |> List.filter Role.isApplied
            equal [ Role.Unmarked; Role.Fact; Role.Event ] applied
            equal Role.Unmarked (EntryKind.toRole None)
            equal Role.Fact (EntryKind.toRole (Some EntryKind.External))
            equal Role.Event (EntryKind.toRole (Some EntryKind.Derived)))

        testCase "the kind of tags is read as in seed 000: unrelated tags and no tags have none" (fun () ->
            for kind in [ EntryKind.External; EntryKind.Derived ] do
                equal (Some kind) (EntryKind.fromTags [ "other"; EntryKind.tag kind ] |> ok)

            equal None (EntryKind.fromTags [ "unrelated" ] |> ok)
            equal None (EntryKind.fromTags [] |> ok))

        testCase "with a kind, other tags stay in their order and another kind goes" (fun () ->
            equal [ "b"; "a"; "kind:derived" ] (EntryKind.withKind EntryKind.Derived [ "b"; "kind:external"; "a" ]))

        testCase "a user's tag cannot change provenance: both kinds are an error, and so is any other kind" (fun () ->
            let both = EntryKind.fromTags [ "kind:external"; "kind:derived" ] |> error
            equal (ValueError.Contradictory("tags", "kind:external and kind:derived")) both
            equal (ValueError.Reserved("tag", "kind:other")) (EntryKind.fromTags [ "kind:other" ] |> error)
            equal (ValueError.Reserved("tag", "kind:external")) (Tag.TryCreate "kind:external" |> error)
            equal (Some EntryKind.External) (EntryKind.fromTags [ "kind:external"; "kind:external" ] |> ok))

        testCase "outward tags are taken apart and put together again" (fun () ->
            let tags, kind = Tags.ofOutward [ "b"; "kind:external"; "a"; "b" ] |> ok
            equal [ tag "a"; tag "b" ] tags
            equal (Some EntryKind.External) kind
            equal [ "a"; "b"; "kind:external" ] (Tags.toOutward Role.Command tags)
            equal [ "a"; "b" ] (Tags.toOutward Role.Unmarked tags)
            equal (ValueError.ControlCharacter("tag", 0)) (Tags.ofOutward [ "\t"; "kind:external" ] |> error))

        testCase "an entry has at most 64 tags of at most 256 bytes, repeated ones counted once" (fun () ->
            let many count = [ for number in 1..count -> tag (string number) ]
            equal 64 ((Tags.ofSeq (many 64 @ many 64) |> ok).Length)
            equal (ValueError.TooMany("tags", 65, 64)) (Tags.ofSeq (many 65) |> error)
            equal 256 ((Tag.TryCreate(String('t', 256)) |> ok).Value.Length)
            equal (ValueError.TooLong("tag", 257, 256)) (Tag.TryCreate(String('t', 257)) |> error))

        testCase "valid data has its tags in canonical order and its time in UTC" (fun () ->
            let time = DateTimeOffset(2024, 1, 1, 2, 0, 0, TimeSpan.FromHours 2.0)

            let valid =
                { tagged [ "b"; "a"; "b" ] (event "s" "") with Time = Some time } |> EntryData.validate |> ok

            equal [ tag "a"; tag "b" ] valid.Tags
            equal (Some TimeSpan.Zero) (valid.Time |> Option.map _.Offset)
            equal (Some time.UtcTicks) (valid.Time |> Option.map _.Ticks))

        testCase "data that breaks a rule is named: type, key, schema version, words drawn, tags" (fun () ->
            let fault data = EntryData.validate data |> error
            let valid = event "s" ""
            equal (ValueError.Empty "type") (fault { valid with Type = "" })
            equal (ValueError.TooLong("type", 257, 256)) (fault { valid with Type = String('t', 257) })
            equal (ValueError.TooLong("idempotency key", 129, 128)) (fault { valid with Key = Some(String('k', 129)) })
            equal (ValueError.OutOfRange("schema version", "0", "1 or more")) (fault { valid with SchemaVersion = 0 })
            equal (ValueError.TooMany("tags", 65, 64)) (fault (tagged [ for number in 1..65 -> string number ] valid))

            let drawn = ValueError.Contradictory("role and words drawn", "only a command has words drawn")
            equal drawn (fault { valid with Drawn = Some 1UL })
            isTrue (Result.isOk (EntryData.validate { valid with Role = Role.Command; Drawn = Some 1UL })))

        testCase "payloads are equal by content, and so are entries" (fun () ->
            let make () = {
                Position = 1L
                Version = 1L
                Batch = 1L
                Data = tagged [ "a" ] (event "s" "payload")
            }

            equal (make ()) (make ())
            notEqual (make ()) { make () with Data = event "s" "payload" }
            equal (Bytes.OfText "x") (Bytes.OfHex "78"))

        testCase "an entry's id is the given one, or follows from run, stream and version (golden)" (fun () ->
            let data = { event "order/1" "" with Run = Some(RunId.Create "run-1") }
            let entry = { Position = 9L; Version = 7L; Batch = 9L; Data = data }
            equal (Guid.Parse "b3746276-35c4-8c63-a17e-4926ef476ca8") (Entry.id entry)
            equal (Guid.Parse "8bec7aa9-acd8-881a-bcb9-c0dbff50b300") (Entry.id { entry with Data.Run = None })

            let given = Guid.Parse "00010203-0405-0607-0809-0a0b0c0d0e0f"
            equal given (Entry.id { entry with Data.Id = Some given })
            equal given (Entry.correlationId { entry with Data.Id = Some given })
            equal given (Entry.correlationId { entry with Data.CorrelationId = Some given }))

        testCase "what a record with a time prints is the same in every culture, whatever record it is" (fun () ->
            let isTime (kind: Type) = kind = typeof<DateTimeOffset> || kind = typeof<DateTimeOffset option>

            let withTimes =
                typeof<Entry>.Assembly.GetExportedTypes()
                |> Array.filter (fun kind ->
                    FSharpType.IsRecord kind
                    && FSharpType.GetRecordFields kind |> Array.exists (fun field -> isTime field.PropertyType))

            isTrue (withTimes.Length >= 3)

            for kind in withTimes do
                isTrue (kind.IsDefined(typeof<StructuredFormatDisplayAttribute>, false))

            let time = DateTimeOffset(2024, 2, 29, 21, 5, 9, TimeSpan.Zero)
            let data = { event "order/1" "" with Time = Some time; Drawn = Some 3UL }
            let entry = { Position = 9L; Version = 7L; Batch = 9L; Data = data }
            let printed () = [ string data; sprintf "%A" data; string entry; sprintf "%A" entry ]
            let expected = printed ()
            isTrue (expected |> List.forall _.Contains("Time = Some 2024-02-29T21:05:09.0000000+00:00"))

            for culture in [ "ar-SA"; "fa-IR"; "sv-SE"; "de-DE" ] do
                equal expected (Culture.under culture printed))
    ]
