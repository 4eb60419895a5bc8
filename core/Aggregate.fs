// An aggregate: a decider with the codecs that record it, under a category.
// Written by users; everything that steps, folds or verifies takes one.
namespace Refold.Core

open System

/// A decider and how it is recorded.
[<NoEquality; NoComparison>]
type Aggregate<'State, 'Command, 'Event, 'Error> =
    {
        /// Its streams are the category itself and everything below `<category>/`.
        Category: string
        /// The pure heart.
        Decider: Decider<'State, 'Command, 'Event, 'Error>
        /// The form of commands.
        Commands: Codec<'Command>
        /// The form of events.
        Events: Codec<'Event>
        /// The form of refusals.
        Errors: Codec<'Error>
        /// The form of the state, for snapshots and state hashes; without one, state hashes do not apply.
        State: Codec<'State> option
        /// The tags of an event.
        Tags: 'Event -> Tag list
    }

/// Functions of aggregates.
[<RequireQualifiedAccess>]
module Aggregate =

    /// An aggregate without state codec and tags.
    let create category decider commands events errors : Aggregate<'State, 'Command, 'Event, 'Error> =
        {
            Category = category
            Decider = decider
            Commands = commands
            Events = events
            Errors = errors
            State = None
            Tags = fun _ -> []
        }

    /// Whether the stream is one of this category.
    let owns (category: string) (stream: StreamId) : bool =
        stream.Value = category || stream.Value.StartsWith(category + "/", StringComparison.Ordinal)
