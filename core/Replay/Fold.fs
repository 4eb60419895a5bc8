// Folding recorded entries to a state: nothing is decided and nothing drawn. Seed 000's replay, with the reasons for a mismatch.
// Called by Snapshot.Load.fs, Replay.Verify.fs and, as `Replay.fold`, by users.
namespace Refold.Core

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
    [<NoEquality; NoComparison>]
    type Applied<'State> = { State: 'State; WasUpcast: bool; Unfaithful: Divergence option }

    /// Whether nothing is wrong that ends a fold.
    let isWhole (divergence: Divergence option) : bool =
        divergence |> Option.forall (fun found -> found.Cause = DivergenceCause.CodecNotFaithful)

    /// What an entry's codec is handed.
    let encodedOf (data: EntryData) : Encoded = { Type = data.Type; SchemaVersion = data.SchemaVersion; Payload = data.Payload }

    /// The place in an entry that an error of its codec is about.
    let private errorPath (data: EntryData) (error: CodecError) =
        match error with
        | CodecError.UnknownType _ -> "/type"
        | CodecError.NewerSchema _
        | CodecError.MissingUpcast _ -> "/schemaVersion"
        | CodecError.Undecodable _
        | CodecError.Unencodable _ -> PayloadDifference.memberPath data.Payload

    /// Decodes with any codec; the divergence tells why it could not be done.
    let decode (codec: Codec<'Value>) (entry: Entry) (encoded: Encoded) : Result<'Value, Divergence> =
        let failed path cause actual = Error(Divergence.at entry path cause (PayloadDifference.show encoded.Payload) actual)

        try
            match codec.Decode encoded with
            | Ok value -> Ok value
            | Error error -> failed (errorPath entry.Data error) DivergenceCause.Undecodable (error.ToString())
        with error ->
            failed (PayloadDifference.memberPath entry.Data.Payload) DivergenceCause.Threw (Thrown.text "decode" error)

    /// Encodes again what was decoded; the divergence tells that it has no encoded form.
    let encode (codec: Codec<'Value>) (entry: Entry) (value: 'Value) : Result<Encoded, Divergence> =
        let encoded =
            try
                CodecEncode.record codec value |> Result.mapError string
            with error ->
                Error(Thrown.text "encode" error)

        encoded
        |> Result.mapError (fun reason ->
            let payload = entry.Data.Payload
            let path = PayloadDifference.memberPath payload
            Divergence.at entry path DivergenceCause.CodecNotFaithful (PayloadDifference.show payload) reason)

    /// Whether an event was upcast, and how its codec is not faithful.
    let private judgeCodec (codec: Codec<'Event>) (entry: Entry) (event: 'Event) : struct (bool * Divergence option) =
        let data = entry.Data

        let unfaithful path expected actual =
            struct (false, Some(Divergence.at entry path DivergenceCause.CodecNotFaithful expected actual))

        match encode codec entry event with
        | Error divergence -> struct (false, Some divergence)
        | Ok again when again.SchemaVersion > data.SchemaVersion -> struct (true, None)
        | Ok again when again.SchemaVersion < data.SchemaVersion ->
            unfaithful "/schemaVersion" (Numbers.text data.SchemaVersion) (Numbers.text again.SchemaVersion)
        | Ok again when again.Type <> data.Type -> unfaithful "/type" data.Type again.Type
        | Ok again ->
            let difference = PayloadDifference.find entry data.Payload again.Payload

            struct (false, difference |> Option.map (fun found -> { found with Cause = DivergenceCause.CodecNotFaithful }))

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
        match decode aggregate.Events entry (encodedOf entry.Data) with
        | Error divergence -> Error divergence
        | Ok event ->
            let struct (wasUpcast, difference) = judgeCodec aggregate.Events entry event
            // A fact is an input: it stands as it was recorded, whatever the codec makes of it.
            let unfaithful = if entry.Data.Role = Role.Fact then None else difference

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

    let private consume aggregate (report: FoldReport<'State>) (entry: Entry) =
        let counted = { report with Version = entry.Version; Entries = report.Entries + 1L }

        match gap report.Version entry with
        | Some divergence -> Error divergence
        | None when not (Role.isApplied entry.Data.Role) -> Ok { counted with Checked = report.Checked + 1L }
        | None ->
            apply aggregate report.State entry
            |> Result.map (fun applied ->
                { counted with
                    State = applied.State
                    Applied = report.Applied + 1L
                    Upcast = report.Upcast + (if applied.WasUpcast then 1L else 0L)
                    Redacted =
                        let isRedacted = CodecEncode.redacts aggregate.Events && Redaction.isMarked entry.Data.Payload
                        report.Redacted + (if isRedacted then 1L else 0L)
                    Divergence = report.Divergence |> Option.orElse applied.Unfaithful
                })

    /// The state hash; `None` without a state codec, or where the state has no encoded form.
    let tryStateHash (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (state: 'State) : Hash option =
        try
            match Aggregate.stateHash aggregate state with
            | Ok hash -> hash
            | Error _ -> None
        with _ ->
            None

    /// Folds the entries of one stream, which follow the start's version without gaps.
    let entries
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (start: FoldStart<'State>)
        (entries: Entry seq)
        : FoldReport<'State> =
        use each = entries.GetEnumerator()

        let rec fold (report: FoldReport<'State>) =
            if not (each.MoveNext()) then
                report
            else
                match consume aggregate report each.Current with
                | Ok next -> fold next
                | Error divergence ->
                    { report with
                        Divergence = report.Divergence |> Option.orElse (Some divergence)
                    }

        let report =
            fold
                {
                    State = start.State
                    Version = start.Version
                    Entries = 0L
                    Applied = 0L
                    Upcast = 0L
                    Redacted = 0L
                    Checked = 0L
                    Divergence = None
                    StateHash = None
                }

        { report with StateHash = tryStateHash aggregate report.State }
