// The decider: the pure heart of an aggregate.
// Written by users; run by Run.fs, folded by Aggregate.fs, verified by Replay.fs.
namespace Refold.Core

open System
open Refold

/// What a decision may depend on besides state and command.
[<NoEquality; NoComparison>]
type Step =
    {
        /// The recorded time of the step, UTC; never a clock.
        Now: DateTimeOffset
        /// The id of the command entry.
        CommandId: Guid
        /// This step's own generator: made from the run's root state, the stream and the version before the step.
        Random: SeededRng
    }

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
