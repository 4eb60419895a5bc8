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
        /// Events, or a refusal. May draw from the step's generator. Of a decider that sends messages (`Decider.sending`) it is called by
        /// `Decider.decide`; called by itself it throws where there are messages, as they would be lost.
        Decide: Step -> 'State -> 'Command -> Result<'Event list, 'Error>
        /// The state after an event.
        Evolve: 'State -> 'Event -> 'State
    }

/// What functions of users answer.
[<RequireQualifiedAccess>]
module internal Answer =

    /// What answers null throws.
    let notNull (where: string) (what: string) (answer: 'Answer) : 'Answer =
        if isNull (box answer) then
            raise (InvalidOperationException(where + " answered null instead of " + what))

        answer

/// A decision by its parts.
[<Struct; NoEquality; NoComparison>]
type internal DecidedParts<'Event, 'Error> =
    {
        /// Whether it is a refusal.
        IsRefused: bool
        /// The events, in order; none where refused. Not to be changed.
        Events: 'Event[]
        /// The refusal, where it is one.
        Refusal: 'Error
        /// The messages, in the order in which they are sent; none where refused.
        Messages: OutgoingMessage list
    }

    /// The parts of a decision in which nothing is null.
    static member Of(decision: Decision<'Event, 'Error>) : DecidedParts<'Event, 'Error> =
        match (Answer.notNull "decide" "a decision" decision).Outcome with
        | Error error ->
            {
                IsRefused = true
                Events = Array.Empty()
                Refusal = error
                Messages = decision.Messages
            }
        | Ok events ->
            {
                IsRefused = false
                Events = Array.ofList (Answer.notNull "decide" "a list of events" events)
                Refusal = Unchecked.defaultof<'Error>
                Messages = decision.Messages
            }

/// A `decide` whose decisions may send messages, in the place of one that answers a `Result`. What makes another one of it keeps it one.
type internal SendingDecide<'State, 'Command, 'Event, 'Error>(decide: Step -> 'State -> 'Command -> Decision<'Event, 'Error>) =
    inherit FSharpFunc<Step, 'State -> 'Command -> Result<'Event list, 'Error>>()

    /// The whole decision.
    member _.Decide: Step -> 'State -> 'Command -> Decision<'Event, 'Error> = decide

    /// The parts of the decision on a step that is there by its parts.
    abstract Parts:
        now: DateTimeOffset * commandId: Guid * random: SeededRng * state: 'State * command: 'Command -> DecidedParts<'Event, 'Error>

    default _.Parts(now, commandId, random, state, command) =
        DecidedParts<'Event, 'Error>.Of(decide { Now = now; CommandId = commandId; Random = random } state command)

    override _.Invoke(step: Step) =
        fun state command ->
            let decision = decide step state command

            if decision.Messages.IsEmpty then
                decision.Outcome
            else
                invalidOp
                    "the decision sends messages, which this call would lose: call Decider.decide, and make deciders by Decider.sending"

/// Deciders that send messages, and deciders made of deciders. Each combinator passes the step on as it is, so what is drawn does not
/// change, and keeps the messages.
[<RequireQualifiedAccess>]
module Decider =

    /// A decider whose decisions may send messages.
    let sending
        (initial: 'State)
        (decide: Step -> 'State -> 'Command -> Decision<'Event, 'Error>)
        (evolve: 'State -> 'Event -> 'State)
        : Decider<'State, 'Command, 'Event, 'Error> =
        {
            Initial = initial
            Decide = unbox (box (SendingDecide<'State, 'Command, 'Event, 'Error> decide))
            Evolve = evolve
        }

    /// The whole decision, with the messages that it sends.
    let decide
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        (step: Step)
        (state: 'State)
        (command: 'Command)
        : Decision<'Event, 'Error> =
        match box decider.Decide with
        | :? SendingDecide<'State, 'Command, 'Event, 'Error> as sending -> sending.Decide step state command
        | _ -> Decision.ofResult (decider.Decide step state command)

    // Another `decide` of one, or of several of which one sends messages: that one then may too.
    let private lift isSending initial (decide: Step -> 'State -> 'Command -> Decision<'Event, 'Error>) evolve =
        if isSending then
            sending initial decide evolve
        else
            {
                Initial = initial
                Decide = fun step state command -> (decide step state command).Outcome
                Evolve = evolve
            }

    let private sends (decider: Decider<'State, 'Command, 'Event, 'Error>) =
        box decider.Decide :? SendingDecide<'State, 'Command, 'Event, 'Error>

    /// A decider over commands that are first turned into this one's (contravariant).
    let mapCommand
        (mapping: 'Outer -> 'Command)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'State, 'Outer, 'Event, 'Error> =
        lift (sends decider) decider.Initial (fun step state command -> decide decider step state (mapping command)) decider.Evolve

    /// A decider over another form of its events; the two functions should undo each other.
    let mapEvent
        (outward: 'Event -> 'Outer)
        (inward: 'Outer -> 'Event)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'State, 'Command, 'Outer, 'Error> =
        let decide step state command = decide decider step state command |> Decision.mapEvents outward
        lift (sends decider) decider.Initial decide (fun state event -> decider.Evolve state (inward event))

    /// A decider over another form of its state; the two functions should undo each other.
    let mapState
        (outward: 'State -> 'Outer)
        (inward: 'Outer -> 'State)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'Outer, 'Command, 'Event, 'Error> =
        let decide step state command = decide decider step (inward state) command
        let evolve state event = outward (decider.Evolve (inward state) event)
        lift (sends decider) (outward decider.Initial) decide evolve

    /// A decider with another form of its refusals.
    let mapError
        (mapping: 'Error -> 'Outer)
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<'State, 'Command, 'Event, 'Outer> =
        let decide step state command = decide decider step state command |> Decision.mapError mapping
        lift (sends decider) decider.Initial decide decider.Evolve

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
        let outcome wrapEvent wrapError decision = decision |> Decision.mapEvents wrapEvent |> Decision.mapError wrapError

        let decide step (leftState, rightState) command =
            match command with
            | Choice1Of2 command -> decide left step leftState command |> outcome Choice1Of2 Choice1Of2
            | Choice2Of2 command -> decide right step rightState command |> outcome Choice2Of2 Choice2Of2

        let evolve (leftState, rightState) event =
            match event with
            | Choice1Of2 event -> left.Evolve leftState event, rightState
            | Choice2Of2 event -> leftState, right.Evolve rightState event

        lift (sends left || sends right) (left.Initial, right.Initial) decide evolve

    /// One decider for each key: commands, events and refusals carry the key they are for.
    /// A key without events is not in the map, so a refusal leaves no trace.
    let many
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        : Decider<Map<'Key, 'State>, 'Key * 'Command, 'Key * 'Event, 'Key * 'Error> =
        let stateOf key states = states |> Map.tryFind key |> Option.defaultValue decider.Initial

        let decide step states (key, command) =
            decide decider step (stateOf key states) command
            |> Decision.mapEvents (fun event -> key, event)
            |> Decision.mapError (fun error -> key, error)

        let evolve states (key, event) = Map.add key (decider.Evolve (stateOf key states) event) states
        lift (sends decider) Map.empty decide evolve
