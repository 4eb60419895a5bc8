// The decider: the pure heart of an aggregate, and the combinators that make deciders of deciders (J. Chassaing; fmodel).
// Written by users; run by Run.fs, folded by Aggregate.fs, verified by Replay.fs.
namespace Refold.Core

open System
open Refold

/// What a decision may depend on besides state and command.
[<NoEquality; NoComparison; StructuredFormatDisplay("{Shown}")>]
type Step =
    {
        /// The recorded time of the step, UTC; never a clock.
        Now: DateTimeOffset
        /// The id of the command entry.
        CommandId: Guid
        /// This step's own generator: made from the run's root state, the stream and the version before the step.
        Random: SeededRng
    }

    member private this.Shown =
        RecordText.show
            [
                "Now", box this.Now
                "CommandId", box this.CommandId
                "Random", box this.Random
            ]

    /// Its fields, the same in every culture.
    override this.ToString() = this.Shown

/// Decide and evolve over an initial state. All three are pure; `Evolve` is total and trivial.
[<NoEquality; NoComparison>]
type Decider<'State, 'Command, 'Event, 'Error> =
    {
        /// The state before the first event.
        Initial: 'State
        /// Events, or a refusal. May draw from the step's generator.
        Decide: Step -> 'State -> 'Command -> Result<'Event list, 'Error>
        /// The state after an event.
        Evolve: 'State -> 'Event -> 'State
    }

/// Deciders made of deciders. Each combinator passes the step on as it is, so what is drawn does not change.
[<RequireQualifiedAccess>]
module Decider =

    /// A decider over commands that are first turned into this one's (contravariant).
    let mapCommand
        (mapping: 'Outer -> 'Command)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'State, 'Outer, 'Event, 'Error> =
        {
            Initial = decider.Initial
            Decide = fun step state command -> decider.Decide step state (mapping command)
            Evolve = decider.Evolve
        }

    /// A decider over another form of its events; the two functions should undo each other.
    let mapEvent
        (outward: 'Event -> 'Outer)
        (inward: 'Outer -> 'Event)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'State, 'Command, 'Outer, 'Error> =
        {
            Initial = decider.Initial
            Decide = fun step state command -> decider.Decide step state command |> Result.map (List.map outward)
            Evolve = fun state event -> decider.Evolve state (inward event)
        }

    /// A decider over another form of its state; the two functions should undo each other.
    let mapState
        (outward: 'State -> 'Outer)
        (inward: 'Outer -> 'State)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'Outer, 'Command, 'Event, 'Error> =
        {
            Initial = outward decider.Initial
            Decide = fun step state command -> decider.Decide step (inward state) command
            Evolve = fun state event -> outward (decider.Evolve (inward state) event)
        }

    /// A decider with another form of its refusals.
    let mapError
        (mapping: 'Error -> 'Outer)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'State, 'Command, 'Event, 'Outer> =
        {
            Initial = decider.Initial
            Decide = fun step state command -> decider.Decide step state command |> Result.mapError mapping
            Evolve = decider.Evolve
        }

    /// Accepts every command and makes no event: combined with it, a decider stays what it is.
    let neutral<'Command, 'Event, 'Error> : Decider<unit, 'Command, 'Event, 'Error> =
        {
            Initial = ()
            Decide = fun _ () _ -> Ok []
            Evolve = fun () _ -> ()
        }

    /// Two deciders side by side: a command goes to one of them, and the other's state stays.
    let combine
        (left: Decider<'State1, 'Command1, 'Event1, 'Error1>)
        (right: Decider<'State2, 'Command2, 'Event2, 'Error2>)
        : Decider<'State1 * 'State2, Choice<'Command1, 'Command2>, Choice<'Event1, 'Event2>, Choice<'Error1, 'Error2>> =
        let outcome wrapEvent wrapError result = result |> Result.map (List.map wrapEvent) |> Result.mapError wrapError

        {
            Initial = left.Initial, right.Initial
            Decide =
                fun step (leftState, rightState) command ->
                    match command with
                    | Choice1Of2 command -> left.Decide step leftState command |> outcome Choice1Of2 Choice1Of2
                    | Choice2Of2 command -> right.Decide step rightState command |> outcome Choice2Of2 Choice2Of2
            Evolve =
                fun (leftState, rightState) event ->
                    match event with
                    | Choice1Of2 event -> left.Evolve leftState event, rightState
                    | Choice2Of2 event -> leftState, right.Evolve rightState event
        }

    /// One decider for each key: commands, events and refusals carry the key they are for.
    /// A key without events is not in the map, so a refusal leaves no trace.
    let many
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<Map<'Key, 'State>, 'Key * 'Command, 'Key * 'Event, 'Key * 'Error> =
        let stateOf key states = states |> Map.tryFind key |> Option.defaultValue decider.Initial

        {
            Initial = Map.empty
            Decide =
                fun step states (key, command) ->
                    decider.Decide step (stateOf key states) command
                    |> Result.map (List.map (fun event -> key, event))
                    |> Result.mapError (fun error -> key, error)
            Evolve = fun states (key, event) -> Map.add key (decider.Evolve (stateOf key states) event) states
        }
