// A fold under way: entries of one stream taken one by one, as objects or where they lie, with nothing made for an entry that is as it
// should be. Called by Snapshot.Load.fs, the facade's folds and, as `Replay.fold`, by users.
namespace Refold.Core

open System

/// What is not as it should be with an entry, told once the entry is there as a whole.
[<Sealed; AllowNullLiteral>]
type internal Differing(told: Entry -> Divergence, goesOn: bool) =

    /// The divergence of the entry.
    member _.Of(entry: Entry) : Divergence = told entry

    /// Whether the fold goes on behind the entry; otherwise it ended before it.
    member _.GoesOn: bool = goesOn

/// A fold under way. Entries come one by one, whole or by their parts. Used by one thread at a time.
[<Sealed>]
type internal StreamFold<'State, 'Command, 'Event, 'Error>(aggregate: Aggregate<'State, 'Command, 'Event, 'Error>, start: FoldStart<'State>)
    =

    let events = Folding.Reader aggregate.Events
    let redacts = CodecEncode.redacts aggregate.Events
    let evolve = OptimizedClosures.FSharpFunc<'State, 'Event, 'State>.Adapt aggregate.Decider.Evolve
    let mutable state = start.State
    let mutable version = start.Version
    let mutable entries = 0L
    let mutable applied = 0L
    let mutable older = 0L
    let mutable redacted = 0L
    let mutable others = 0L
    let mutable divergence: Divergence option = None

    let isNext (next: int64) = next = version + 1L

    let gap () =
        let before = version
        Differing((fun entry -> (Folding.gap before entry).Value), false)

    let threw (error: exn) =
        let text = Thrown.text "evolve" error
        let told entry = Divergence.at entry "" DivergenceCause.Threw (PayloadDifference.show entry.Data.Payload) text
        Differing(told, false)

    // The state that an event gives; what it throws is answered.
    let tryEvolve (event: 'Event) : exn | null =
        try
            state <- evolve.Invoke(state, event)
            null
        with error ->
            error

    let take (event: 'Event) (wasUpcast: bool) (isRedacted: bool) : Differing =
        match tryEvolve event with
        | null ->
            version <- version + 1L
            entries <- entries + 1L
            applied <- applied + 1L

            if wasUpcast then
                older <- older + 1L

            if isRedacted then
                redacted <- redacted + 1L

            null
        | error -> threw error

    let takeRead (role: Role) (payload: ReadOnlyMemory<byte>) (read: Result<Folding.Read<'Event>, Entry -> Divergence>) : Differing =
        match read with
        | Error told -> Differing(told, false)
        | Ok found ->
            match take found.Event found.WasUpcast (redacts && Redaction.isMarked (Bytes.Wrap payload)) with
            | null ->
                match found.Unfaithful with
                // A fact is an input: it stands as it was recorded, whatever the codec makes of it.
                | ValueSome told when divergence.IsNone && role <> Role.Fact -> Differing(told, true)
                | _ -> null
            | ended -> ended

    let pass () =
        version <- version + 1L
        entries <- entries + 1L
        others <- others + 1L

    /// Takes the next entry by its parts, its payload where it lies. Null: it was taken, and nothing differs that was not known. Otherwise
    /// `Tell` must follow, with the entry as a whole.
    member _.Take(next: int64, role: Role, typeName: string, schemaVersion: int, payload: ReadOnlySpan<byte>) : Differing =
        if not (isNext next) then
            gap ()
        elif not (Role.isApplied role) then
            pass ()
            null
        else
            let mutable event = Unchecked.defaultof<'Event>

            if events.TryProve(typeName, schemaVersion, payload, &event) then
                take event false false
            else
                // A codec may keep what it is given.
                let copy = ReadOnlyMemory(payload.ToArray())
                takeRead role copy (events.Judge(typeName, schemaVersion, copy))

    /// Takes what differs at an entry. False: the fold ended before it.
    member _.Tell(differing: Differing, entry: Entry) : bool =
        if divergence.IsNone then
            divergence <- Some(differing.Of entry)

        differing.GoesOn

    /// Takes the next entry. False: the fold ended before it.
    member this.Add(entry: Entry) : bool =
        let data = entry.Data

        let differing =
            if not (isNext entry.Version) then
                gap ()
            elif not (Role.isApplied data.Role) then
                pass ()
                null
            else
                takeRead data.Role data.Payload.Memory (events.Read data)

        match differing with
        | null -> true
        | differing -> this.Tell(differing, entry)

    /// What it came to so far.
    member _.Report() : FoldReport<'State> =
        {
            State = state
            Version = version
            Entries = entries
            Applied = applied
            Upcast = older
            Redacted = redacted
            Checked = others
            Divergence = divergence
            StateHash = Folding.tryStateHash aggregate state
        }

    /// Folds the entries of one stream, which follow the start's version without gaps.
    static member Over
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>, start: FoldStart<'State>, entries: Entry seq)
        : FoldReport<'State> =
        let fold = StreamFold(aggregate, start)
        use each = entries.GetEnumerator()
        let mutable goesOn = true

        while goesOn && each.MoveNext() do
            goesOn <- fold.Add each.Current

        fold.Report()
