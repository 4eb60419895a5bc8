// What an entry is for, and the two kinds of provenance it shows outside.
// Seed 000's EntryKind, with the provenance in a field of its own and the tag only its outward form.
namespace Refold

/// What an entry is for, as C# sees it; one byte in every byte form.
type EntryRole =
    /// Came without provenance: handled as an event.
    | Unmarked = 0
    /// An input of `decide`. External.
    | Command = 1
    /// An event from outside. External.
    | Fact = 2
    /// A recorded effect: a clock reading, the answer of a call, begin and end of an operation. External.
    | Effect = 3
    /// Run started, run ended. External.
    | Control = 4
    /// What `decide` answered. Derived.
    | Event = 5
    /// What `decide` answered instead of events. Derived.
    | Refusal = 6
    /// What a decision sends, in `$outbox/NAME`. Derived.
    | Message = 7

namespace Refold.Core

/// Where an entry comes from.
[<RequireQualifiedAccess; Struct>]
type EntryKind =
    /// A non-reproducible input: fed back as recorded on replay. Outward form: the tag `kind:external`.
    | External
    /// A value computed from state and inputs: computed again on replay and compared. Outward form: the tag `kind:derived`.
    | Derived

/// What an entry is for: one byte in every byte form.
[<RequireQualifiedAccess; Struct>]
type Role =
    /// An input of `decide`. External.
    | Command
    /// An event from outside. External.
    | Fact
    /// A recorded effect: a clock reading, the answer of a call, begin and end of an operation. External.
    | Effect
    /// Run started, run ended. External.
    | Control
    /// What `decide` answered. Derived.
    | Event
    /// What `decide` answered instead of events. Derived.
    | Refusal
    /// What a decision sends, in `$outbox/NAME`. Derived.
    | Message
    /// Came without provenance: handled as an event, shows no kind tag.
    | Unmarked

/// Functions of roles.
[<RequireQualifiedAccess>]
module Role =

    /// Every role, in the order of its byte.
    let all =
        [
            Role.Unmarked
            Role.Command
            Role.Fact
            Role.Effect
            Role.Control
            Role.Event
            Role.Refusal
            Role.Message
        ]

    /// The byte that stands for the role in canonical bytes: 0 to 7.
    let toByte (role: Role) : byte =
        match role with
        | Role.Unmarked -> 0uy
        | Role.Command -> 1uy
        | Role.Fact -> 2uy
        | Role.Effect -> 3uy
        | Role.Control -> 4uy
        | Role.Event -> 5uy
        | Role.Refusal -> 6uy
        | Role.Message -> 7uy

    /// How many there are.
    let internal count: int = List.length all

    // Made once: entries ask for them.
    let private known = all |> List.map Some |> Array.ofList

    /// The role of a byte; `None` above 7.
    let ofByte (value: byte) : Role option = if int value < known.Length then known[int value] else None

    /// The role's name in NDJSON: "command", "fact", "effect", "control", "event", "refusal", "message",
    /// "unmarked".
    let name (role: Role) : string =
        match role with
        | Role.Command -> "command"
        | Role.Fact -> "fact"
        | Role.Effect -> "effect"
        | Role.Control -> "control"
        | Role.Event -> "event"
        | Role.Refusal -> "refusal"
        | Role.Message -> "message"
        | Role.Unmarked -> "unmarked"

    /// The role of a name in NDJSON.
    let ofName (value: string) : Role option = all |> List.tryFind (fun role -> name role = value)

    // Made once: every entry that is indexed asks.
    let private external = Some EntryKind.External

    let private derived = Some EntryKind.Derived

    /// The provenance the role shows; `None` for an unmarked entry, which is handled as derived.
    let kind (role: Role) : EntryKind option =
        match role with
        | Role.Command
        | Role.Fact
        | Role.Effect
        | Role.Control -> external
        | Role.Event
        | Role.Refusal
        | Role.Message -> derived
        | Role.Unmarked -> None

    /// Whether folding a stream applies entries of this role: facts, events and unmarked ones.
    let isApplied (role: Role) : bool =
        match role with
        | Role.Fact
        | Role.Event
        | Role.Unmarked -> true
        | Role.Command
        | Role.Effect
        | Role.Control
        | Role.Refusal
        | Role.Message -> false

/// Functions of provenance and its outward tags (seed 000: tag, from tags, with kind).
[<RequireQualifiedAccess>]
module internal EntryKind =

    /// The prefix that no tag of a user begins with.
    let prefix = "kind:"

    /// The outward tag: `kind:external` or `kind:derived`.
    let tag (kind: EntryKind) : string =
        match kind with
        | EntryKind.External -> "kind:external"
        | EntryKind.Derived -> "kind:derived"

    /// The provenance in a list of outward tags; `None` where no tag begins with `kind:`.
    /// Both kinds at once, or any other `kind:`, is an error: a silent choice would change provenance.
    let fromTags (tags: string seq) : Result<EntryKind option, ValueError> =
        let folder found (text: string) =
            match found with
            | Error _ -> found
            | Ok kind when not (text.StartsWith(prefix, System.StringComparison.Ordinal)) -> Ok kind
            | Ok kind ->
                let next =
                    [ EntryKind.External; EntryKind.Derived ] |> List.tryFind (fun candidate -> tag candidate = text)

                match kind, next with
                | _, None -> Error(ValueError.Reserved("tag", text))
                | Some first, Some second when first <> second -> Error(ValueError.Contradictory("tags", tag first + " and " + tag second))
                | _, Some _ -> Ok next

        Seq.fold folder (Ok None) tags

    /// The tags with the outward tag of this kind, and of no other kind; every other tag stays, in its order.
    let withKind (kind: EntryKind) (tags: string list) : string list =
        let others =
            tags |> List.filter (fun text -> not (text.StartsWith(prefix, System.StringComparison.Ordinal)))

        others @ [ tag kind ]

    /// The role an entry has that came with this provenance and nothing more: a fact, an event, or unmarked.
    let toRole (kind: EntryKind option) : Role =
        match kind with
        | Some EntryKind.External -> Role.Fact
        | Some EntryKind.Derived -> Role.Event
        | None -> Role.Unmarked
