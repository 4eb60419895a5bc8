// Recorded steps made again from the state before them, and compared with what was recorded.
// Called by Replay.Stream.fs.
namespace Refold.Core

open System

/// The steps of one stream, made again.
[<Sealed>]
type internal RemadeSteps<'State, 'Command, 'Event, 'Error>
    (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>, source: ReplaySource<'State>) =

    let tally = source.Tally
    let context = { source.Context with Mode = RecordMode.Record }
    let settling = CodecEncode.trySettling aggregate.Commands

    // Whether reading a command proves how it is written; false says nothing. What is thrown is told where the command is decoded.
    let tryProve (encoded: Encoded) (command: byref<'Command>) : bool =
        match settling with
        | ValueNone -> false
        | ValueSome codec ->
            try
                codec.TryRead(encoded.Type, encoded.SchemaVersion, encoded.Payload.Span, &command)
            with _ ->
                false

    let settings = { RunStep.plain with RefuseUnstable = false; IsCompared = true }

    let make (recorded: Encoded | null) aggregate (step: RecordedStep) state value =
        let command = step.Command

        RunStep.settled
            settings
            context
            aggregate
            {
                Version = step.VersionBefore
                State = state
                RunVersion = command.Version - 1L
            }
            {
                Stream = source.Stream
                Command = value
                Now =
                    (match command.Data.Time with
                     | Some time -> time
                     | None -> DateTimeOffset.MinValue)
                CorrelationId = command.Data.CorrelationId
                CausationId = command.Data.CausationId
                Key = command.Data.Key
                Recorded = recorded
            }

    let entriesOf (made: SettledStep<'State, 'Event, 'Error>) = List.ofArray made.Entries

    let countUpcast (step: RecordedStep) made =
        for entry in StepComparison.olderThan step made do
            tally.Upcast.Add entry.Position

    // Messages that were deleted since are not compared.
    let countMessages (step: RecordedStep) (made: EntryData list) =
        let sent = made |> List.filter _.Role.IsMessage

        if not sent.IsEmpty && (StepComparison.kept step made).Length < sent.Length then
            tally.WithoutMessages.Add step.Command.Position

    // The difference, and what was not compared.
    let find step entries (made: SettledStep<'State, 'Event, 'Error>) drawn =
        countMessages step entries
        StepComparison.find aggregate step entries made.Messages drawn

    // The first difference, and the events as they are now where there is none. `first`: the step made now; `again`: made once more.
    let compareMade (step: RecordedStep) (first: Result<SettledStep<'State, 'Event, 'Error>, StepError>) again =
        let difference =
            match first with
            | Ok made ->
                let entries = entriesOf made
                countUpcast step entries
                find step entries made made.Drawn
            | Error error -> Some(StepComparison.ofError step error)

        match difference, first with
        | None, Ok made -> struct (None, made.SettledEvents)
        | None, Error _ -> struct (None, SettledEvents.None)
        | Some found, _ when StepTold.answer (Result.map entriesOf first) = StepTold.answer (Result.map entriesOf (again ())) ->
            struct (Some found, SettledEvents.None)
        | Some found, _ -> struct (Some { found with Cause = DivergenceCause.Unstable }, SettledEvents.None)

    let isSame step (made: SettledStep<'State, 'Event, 'Error>) = StepComparison.isSame step made.Entries made.Messages made.Drawn

    /// The first difference of a step from the one made now, and its events as they are now where there is none. Most steps come out as
    /// they were recorded: then nothing is looked for.
    member _.Compare
        (step: RecordedStep, encoded: Encoded, state: 'State)
        : Result<struct (Divergence option * SettledEvents<'Event>), Divergence> =
        let mutable proved = Unchecked.defaultof<'Command>

        // Where reading the command proves how it is written, it is settled as it was recorded.
        let first =
            if tryProve encoded &proved then ValueSome(make encoded aggregate step state proved) else ValueNone

        match first with
        | ValueSome(Ok made) when isSame step made -> Ok(struct (None, made.SettledEvents))
        | _ ->
            match Folding.decode aggregate.Commands step.Command encoded with
            | Error divergence -> Error divergence
            | Ok value ->
                let decide () = make null aggregate step state value

                match
                    (match first with
                     | ValueSome made -> made
                     | ValueNone -> decide ())
                with
                | Ok made when isSame step made -> Ok(struct (None, made.SettledEvents))
                | made -> Ok(compareMade step made decide)

    /// A redacted command cannot be decided again. The step is made with its recorded outcome for the decision, so that everything else of
    /// it is compared as ever: roles, tags, times, ids, how codecs read and write it.
    member _.CompareRedacted(step: RecordedStep, encoded: Encoded, state: 'State) : Divergence option =
        let decided outcome messages =
            let decision = Decision.ofResult outcome |> Decision.withMessages messages
            let decider = Decider.sending aggregate.Decider.Initial (fun _ _ _ -> decision) aggregate.Decider.Evolve

            match make encoded { aggregate with Decider = decider } step state Unchecked.defaultof<'Command> with
            | Ok made -> find step (entriesOf made) made (step.Command.Data.Drawn |> Option.defaultValue 0UL)
            | Error error -> Some(StepComparison.ofError step error)

        tally.NotRedecidable.Add step.Command.Position

        RedactedStep.judgeCommand aggregate source.Stream step.Command encoded
        |> Option.orElseWith (fun () ->
            match RedactedStep.outcome aggregate step, RedactedStep.messages source.Context.Run source.Stream step with
            | Ok(Error _), Ok(_ :: _) -> Some(RunEntry.stray step.Messages.Head)
            | Ok outcome, Ok messages ->
                if RedactedStep.lacksMessages messages then
                    tally.WithoutMessages.Add step.Command.Position

                decided outcome messages
            | Error divergence, _
            | _, Error divergence -> Some divergence)
