// Folding recorded entries to a state: nothing is decided and nothing drawn. Seed 000's replay, with the reasons for a mismatch.
// Called by Fold.Stream.fs, Replay.Stream.fs and Machine.fs.
namespace Refold.Core

open System

/// A state to start folding from.
[<NoEquality; NoComparison>]
type FoldStart<'State> =
    {
        /// The state at that version.
        State: 'State
        /// The version of the last entry that is in the state; 0 for none.
        Version: int64
    }

/// What folding came to.
[<NoEquality; NoComparison>]
type FoldReport<'State> =
    {
        /// The state after the last entry that could be applied.
        State: 'State
        /// The version of the last entry that is in the state.
        Version: int64
        /// Entries consumed: applied and checked ones.
        Entries: int64
        /// Entries applied: facts, events, unmarked ones.
        Applied: int64
        /// Applied entries of an older schema version than the codec's.
        Upcast: int64
        /// Applied entries in which something is redacted.
        Redacted: int64
        /// Entries of other roles: counted, not applied.
        Checked: int64
        /// The first thing that is not as it should be. A codec that is not faithful lets the fold go
        /// on; all else ends it before that entry.
        Divergence: Divergence option
        /// The state hash, where the aggregate has a state codec.
        StateHash: Hash option
    }

    /// Whether nothing differs.
    member this.Matched: bool = this.Divergence.IsNone

/// The fold, entry by entry.
[<RequireQualifiedAccess>]
module internal Folding =

    /// A state after one more entry.
    [<Struct; NoEquality; NoComparison>]
    type Applied<'State> = { State: 'State; WasUpcast: bool; Unfaithful: Divergence option }

    /// Whether nothing is wrong that ends a fold.
    let isWhole (divergence: Divergence option) : bool =
        divergence |> Option.forall (fun found -> found.Cause = DivergenceCause.CodecNotFaithful)

    /// What an entry's codec is handed.
    let encodedOf (data: EntryData) : Encoded = FoldReading.encodedOf data

    /// Decodes with any codec; the divergence tells why it could not be done.
    let decode (codec: Codec<'Value>) (entry: Entry) (encoded: Encoded) : Result<'Value, Divergence> =
        FoldReading.tryDecode codec encoded |> Result.mapError (fun told -> told entry)

    /// Encodes again what was decoded; the divergence tells that it has no encoded form.
    let encode (codec: Codec<'Value>) (entry: Entry) (value: 'Value) : Result<Encoded, Divergence> =
        FoldReading.tryEncode codec value |> Result.mapError (fun told -> told entry)

    /// The state after an entry's event.
    let evolve
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (state: 'State)
        (entry: Entry)
        (event: 'Event)
        : Result<'State, Divergence> =
        try
            Ok(aggregate.Decider.Evolve state event)
        with error ->
            Error(Divergence.at entry "" DivergenceCause.Threw (PayloadDifference.show entry.Data.Payload) (Thrown.text "evolve" error))

    /// Applies an entry whose role is applied. An error ends the fold: a state after a hole is no state.
    let apply
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (state: 'State)
        (entry: Entry)
        : Result<Applied<'State>, Divergence> =
        let mutable event = Unchecked.defaultof<'Event>
        let mutable wasUpcast = false

        match FoldReader(aggregate.Events).Read(entry.Data, &event, &wasUpcast) with
        | differing when not (isNull differing || differing.GoesOn) -> Error(differing.Of entry)
        | differing ->
            // A fact is an input: it stands as it was recorded, whatever the codec makes of it.
            let unfaithful =
                if isNull differing || entry.Data.Role = Role.Fact then None else Some(differing.Of entry)

            match evolve aggregate state entry event with
            | Ok state -> Ok { State = state; WasUpcast = wasUpcast; Unfaithful = unfaithful }
            | Error divergence -> Error divergence

    /// The divergence of an entry that is not the next version of its stream.
    let gap (version: int64) (entry: Entry) : Divergence option =
        let next = version + 1L

        if entry.Version = next then
            None
        else
            let cause = if entry.Version > next then DivergenceCause.Missing else DivergenceCause.Unexpected

            Divergence.at entry "/version" cause ("version " + Numbers.text next) ("version " + Numbers.text entry.Version)
            |> Some

    /// The state hash; `None` without a state codec, or where the state has no encoded form.
    let tryStateHash (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (state: 'State) : Hash option =
        try
            match Aggregate.stateHash aggregate state with
            | Ok hash -> hash
            | Error _ -> None
        with _ ->
            None
