// A fold under way: entries of one stream taken one by one, as objects or where they lie, with nothing made for an entry that is as it
// should be. Called by Snapshot.Load.fs, the facade's folds and, as `Replay.fold`, by users.
namespace Refold.Core

open System

/// A fold under way. Entries come one by one, whole or by their parts. Used by one thread at a time.
[<Sealed>]
type internal StreamFold<'State, 'Command, 'Event, 'Error>(aggregate: Aggregate<'State, 'Command, 'Event, 'Error>, start: FoldStart<'State>)
    =

    let events = FoldReader aggregate.Events
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
    let tryEvolve (event: byref<'Event>) : exn | null =
        try
            state <- evolve.Invoke(state, event)
            null
        with error ->
            error

    let take (event: byref<'Event>) (wasUpcast: bool) (isRedacted: bool) : Differing =
        match tryEvolve &event with
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

    // What was read is applied, unless reading it ended the fold. A divergence that is known already is not told again.
    let takeRead (role: Role) (event: byref<'Event>) (wasUpcast: bool) (isRedacted: bool) (differing: Differing) : Differing =
        if not (isNull differing || differing.GoesOn) then
            differing
        else
            match take &event wasUpcast isRedacted with
            // A fact is an input: it stands as it was recorded, whatever the codec makes of it.
            | null when isNull differing || divergence.IsSome || role = Role.Fact -> null
            | null -> differing
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
            let mutable wasUpcast = false
            let differing = events.ReadSpan(typeName, schemaVersion, payload, &event, &wasUpcast)
            takeRead role &event wasUpcast (redacts && Redaction.isOpened payload && Redaction.isMarked (Bytes.Copy payload)) differing

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
                let mutable event = Unchecked.defaultof<'Event>
                let mutable wasUpcast = false
                let differing = events.Read(data, &event, &wasUpcast)
                takeRead data.Role &event wasUpcast (redacts && Redaction.isMarked data.Payload) differing

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
