// Names, roles, tags and what makes an entry valid.
// Run by `dotnet test`.
module Refold.Core.Tests.EntryTests

open System
open Refold.Core
open Refold.Core.Tests.Examples
open Xunit

// Built, not written: the compiler replaces a lone surrogate in a literal.
let private lone = String(char 0xDC00, 1)

[<Fact>]
let ``a stream name has 1 to 512 UTF-8 bytes, counted in bytes`` () =
    Assert.Equal(512, (StreamId.tryCreate (String('ü', 256)) |> ok).Value |> Text.Encoding.UTF8.GetByteCount)
    Assert.Equal(ValueError.TooLong("stream", 513, 512), StreamId.tryCreate (String('ü', 256) + "x") |> error)
    Assert.Equal(ValueError.Empty "stream", StreamId.tryCreate "" |> error)

[<Fact>]
let ``a name with a control character or half a surrogate pair is none, and the index is named`` () =
    Assert.Equal(ValueError.ControlCharacter("stream", 1), StreamId.tryCreate "a\nb" |> error)
    Assert.Equal(ValueError.ControlCharacter("stream", 2), StreamId.tryCreate "ab\u0085" |> error)
    Assert.Equal(ValueError.LoneSurrogate("stream", 3), StreamId.tryCreate ("\U0001F600a" + lone) |> error)
    Assert.Equal(ValueError.ControlCharacter("tag", 0), Tag.TryCreate "\u007F" |> error)
    Assert.Equal("\U0001F600", (StreamId.tryCreate "\U0001F600" |> ok).Value)

[<Fact>]
let ``a run name has at most 128 bytes and a stream of its own that is Refold's`` () =
    Assert.Equal(ValueError.TooLong("run", 129, 128), RunId.tryCreate (String('r', 129)) |> error)
    let run = RunId.Create "nightly"
    Assert.Equal(stream "$run/nightly", run.Stream)
    Assert.True run.Stream.IsSystem
    Assert.False (stream "run/$").IsSystem

[<Fact>]
let ``names are ordered by UTF-8 bytes, where UTF-16 order is another`` () =
    // U+FF5E is above the surrogates in UTF-16, and below U+1F600 in UTF-8.
    let names = [ "b"; "\U0001F600"; "\uFF5E"; "a"; "ab"; "Z" ]
    let expected = [ "Z"; "a"; "ab"; "b"; "\uFF5E"; "\U0001F600" ]
    Assert.Equal<string list>(expected, names |> List.map stream |> List.sort |> List.map _.Value)
    Assert.Equal<string list>(expected, names |> List.map tag |> Tags.ofSeq |> ok |> List.map _.Value)

[<Fact>]
let ``a role's byte is its place in the list of all, and its name reads back`` () =
    Assert.Equal<byte list>([ 0uy .. 6uy ], Role.all |> List.map Role.toByte)

    for role in Role.all do
        Assert.Equal(Some role, Role.ofByte (Role.toByte role))
        Assert.Equal(Some role, Role.ofName (Role.name role))

    Assert.Equal(None, Role.ofByte 7uy)
    Assert.Equal(None, Role.ofName "Command")

[<Fact>]
let ``commands, facts, effects and control entries are external, events and refusals derived, unmarked ones show nothing`` () =
    let kinds =
        [
            for role in Role.all -> Role.name role, Role.kind role |> Option.map EntryKind.tag
        ]

    let expected =
        [
            "unmarked", None
            "command", Some "kind:external"
            "fact", Some "kind:external"
            "effect", Some "kind:external"
            "control", Some "kind:external"
            "event", Some "kind:derived"
            "refusal", Some "kind:derived"
        ]

    Assert.Equal<(string * string option) list>(expected, kinds)

[<Fact>]
let ``folding applies facts, events and unmarked entries, so an untagged entry is handled as derived`` () =
    let applied = Role.all |> List.filter Role.isApplied
    Assert.Equal<Role list>([ Role.Unmarked; Role.Fact; Role.Event ], applied)
    Assert.Equal(Role.Unmarked, EntryKind.toRole None)
    Assert.Equal(Role.Fact, EntryKind.toRole (Some EntryKind.External))
    Assert.Equal(Role.Event, EntryKind.toRole (Some EntryKind.Derived))

[<Fact>]
let ``the kind of tags is read as in seed 000: unrelated tags and no tags have none`` () =
    for kind in [ EntryKind.External; EntryKind.Derived ] do
        Assert.Equal(Some kind, EntryKind.fromTags [ "other"; EntryKind.tag kind ] |> ok)

    Assert.Equal(None, EntryKind.fromTags [ "unrelated" ] |> ok)
    Assert.Equal(None, EntryKind.fromTags [] |> ok)

[<Fact>]
let ``with a kind, other tags stay in their order and another kind goes`` () =
    Assert.Equal<string list>([ "b"; "a"; "kind:derived" ], EntryKind.withKind EntryKind.Derived [ "b"; "kind:external"; "a" ])

[<Fact>]
let ``a user's tag cannot change provenance: both kinds are an error, and so is any other kind`` () =
    let both = EntryKind.fromTags [ "kind:external"; "kind:derived" ] |> error
    Assert.Equal(ValueError.Contradictory("tags", "kind:external and kind:derived"), both)
    Assert.Equal(ValueError.Reserved("tag", "kind:other"), EntryKind.fromTags [ "kind:other" ] |> error)
    Assert.Equal(ValueError.Reserved("tag", "kind:external"), Tag.TryCreate "kind:external" |> error)
    Assert.Equal(Some EntryKind.External, EntryKind.fromTags [ "kind:external"; "kind:external" ] |> ok)

[<Fact>]
let ``outward tags are taken apart and put together again`` () =
    let tags, kind = Tags.ofOutward [ "b"; "kind:external"; "a"; "b" ] |> ok
    Assert.Equal<Tag list>([ tag "a"; tag "b" ], tags)
    Assert.Equal(Some EntryKind.External, kind)
    Assert.Equal<string list>([ "a"; "b"; "kind:external" ], Tags.toOutward Role.Command tags)
    Assert.Equal<string list>([ "a"; "b" ], Tags.toOutward Role.Unmarked tags)
    Assert.Equal(ValueError.ControlCharacter("tag", 0), Tags.ofOutward [ "\t"; "kind:external" ] |> error)

[<Fact>]
let ``an entry has at most 64 tags of at most 256 bytes, repeated ones counted once`` () =
    let many count = [ for number in 1..count -> tag (string number) ]
    Assert.Equal(64, (Tags.ofSeq (many 64 @ many 64) |> ok).Length)
    Assert.Equal(ValueError.TooMany("tags", 65, 64), Tags.ofSeq (many 65) |> error)
    Assert.Equal(256, (Tag.TryCreate(String('t', 256)) |> ok).Value.Length)
    Assert.Equal(ValueError.TooLong("tag", 257, 256), Tag.TryCreate(String('t', 257)) |> error)

[<Fact>]
let ``valid data has its tags in canonical order and its time in UTC`` () =
    let time = DateTimeOffset(2024, 1, 1, 2, 0, 0, TimeSpan.FromHours 2.0)

    let valid =
        { tagged [ "b"; "a"; "b" ] (event "s" "") with Time = Some time } |> EntryData.validate |> ok

    Assert.Equal<Tag list>([ tag "a"; tag "b" ], valid.Tags)
    Assert.Equal(Some TimeSpan.Zero, valid.Time |> Option.map _.Offset)
    Assert.Equal(Some time.UtcTicks, valid.Time |> Option.map _.Ticks)

[<Fact>]
let ``data that breaks a rule is named: type, key, schema version, words drawn, tags`` () =
    let fault data = EntryData.validate data |> error
    let valid = event "s" ""
    Assert.Equal(ValueError.Empty "type", fault { valid with Type = "" })
    Assert.Equal(ValueError.TooLong("type", 257, 256), fault { valid with Type = String('t', 257) })
    Assert.Equal(ValueError.TooLong("idempotency key", 129, 128), fault { valid with Key = Some(String('k', 129)) })
    Assert.Equal(ValueError.OutOfRange("schema version", "0", "1 or more"), fault { valid with SchemaVersion = 0 })
    Assert.Equal(ValueError.TooMany("tags", 65, 64), fault (tagged [ for number in 1..65 -> string number ] valid))

    let drawn = ValueError.Contradictory("role and words drawn", "only a command has words drawn")
    Assert.Equal(drawn, fault { valid with Drawn = Some 1UL })
    Assert.True(Result.isOk (EntryData.validate { valid with Role = Role.Command; Drawn = Some 1UL }))

[<Fact>]
let ``payloads are equal by content, and so are entries`` () =
    let make () =
        {
            Position = 1L
            Version = 1L
            Batch = 1L
            Data = tagged [ "a" ] (event "s" "payload")
        }

    Assert.Equal(make (), make ())
    Assert.NotEqual(make (), { make () with Data = event "s" "payload" })
    Assert.Equal(Bytes.OfText "x", Bytes.OfHex "78")

[<Fact>]
let ``an entry's id is the given one, or follows from run, stream and version (golden)`` () =
    let data = { event "order/1" "" with Run = Some(RunId.Create "run-1") }
    let entry = { Position = 9L; Version = 7L; Batch = 9L; Data = data }
    Assert.Equal(Guid.Parse "b3746276-35c4-8c63-a17e-4926ef476ca8", Entry.id entry)
    Assert.Equal(Guid.Parse "8bec7aa9-acd8-881a-bcb9-c0dbff50b300", Entry.id { entry with Data.Run = None })

    let given = Guid.Parse "00010203-0405-0607-0809-0a0b0c0d0e0f"
    Assert.Equal(given, Entry.id { entry with Data.Id = Some given })
    Assert.Equal(given, Entry.correlationId { entry with Data.Id = Some given })
    Assert.Equal(given, Entry.correlationId { entry with Data.CorrelationId = Some given })
