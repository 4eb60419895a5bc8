// An aggregate: a decider with the codecs that record it, under a category.
// Written by users; everything that steps, folds or verifies takes one.
namespace Refold.Core

open System

/// An aggregate of any types, as verification takes several of them: `[ dice; orders ]`.
type IAggregate =
    /// Hands the aggregate, with its types, to a visitor.
    abstract Accept: visitor: IAggregateVisitor<'Result> -> 'Result

/// What is done with an aggregate whose types are not known beforehand.
and IAggregateVisitor<'Result> =
    /// Takes the aggregate.
    abstract Visit: aggregate: Aggregate<'State, 'Command, 'Event, 'Error> -> 'Result

/// A decider and how it is recorded.
and [<NoEquality; NoComparison>] Aggregate<'State, 'Command, 'Event, 'Error> =
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

    interface IAggregate with
        member this.Accept visitor = visitor.Visit this

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

    /// The state after one event.
    let evolve (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (state: 'State) (event: 'Event) : 'State =
        aggregate.Decider.Evolve state event

    /// The state after events, in their order.
    let fold (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (state: 'State) (events: 'Event seq) : 'State =
        Seq.fold aggregate.Decider.Evolve state events

    /// The state hash: SHA-256 of the state codec's bytes. `Ok None` without a state codec; an error where the state has no encoded form.
    /// Passes on what the codec throws.
    let stateHash (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (state: 'State) : Result<Hash option, CodecError> =
        match aggregate.State with
        | None -> Ok None
        | Some codec -> codec.Encode state |> Result.map (fun encoded -> Some(StateHash.ofPayload encoded.Payload))
