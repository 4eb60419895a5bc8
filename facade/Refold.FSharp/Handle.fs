// A core aggregate as the facade's runs take it: the same functions and codecs behind one handle for each aggregate.
// Used by Run.fs and Journal.fs; users hold core values only, but where a package in C# takes an aggregate.
namespace Refold.FSharp

open System.Runtime.CompilerServices
open Refold
open Refold.Core

/// One handle for each aggregate value: a run keeps the states of an aggregate as long as it is the same one.
[<AbstractClass; Sealed>]
type internal Handles<'State, 'Command, 'Event, 'Error> private () =

    static let known =
        ConditionalWeakTable<Aggregate<'State, 'Command, 'Event, 'Error>, Refold.Aggregate<'State, 'Command, 'Event, 'Error>>()

    /// The handle of an aggregate.
    static member Of(aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) : Refold.Aggregate<'State, 'Command, 'Event, 'Error> =
        known.GetValue(aggregate, fun found -> Refold.Aggregate<'State, 'Command, 'Event, 'Error>(found))

module internal Handle =

    let private visitor =
        { new IAggregateVisitor<Refold.Aggregate> with
            member _.Visit aggregate = Handles<_, _, _, _>.Of aggregate
        }

    /// The handle of an aggregate of any types.
    let ofAny (aggregate: IAggregate) : Refold.Aggregate = aggregate.Accept visitor

/// Core aggregates for packages written in C#.
[<RequireQualifiedAccess>]
module Aggregate =

    /// The aggregate in the form of C# packages, such as Refold.Testing: `(Aggregate.handle dice).Given([ Rolled 3 ]).When(Roll)`. The same
    /// aggregate value gives the same handle.
    let handle (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) : Refold.Aggregate<'State, 'Command, 'Event, 'Error> =
        Handles<_, _, _, _>.Of aggregate
