// Delivering messages from F#: the outboxes of core decisions, handed over from any journal.
// Called by programs; decisions send with `Decision.send` of Refold.Core.
namespace Refold.FSharp

open System
open System.Threading
open System.Threading.Tasks
open Refold
open Refold.Core

/// Dispatchers: each hands the messages of one outbox over until they are confirmed.
[<RequireQualifiedAccess>]
module Dispatcher =

    let private facade (outbox: Outbox<'Message>) : Refold.Outbox<'Message> =
        Refold.Outbox<'Message>(outbox, Refold.Codec<'Message>(outbox.Codec))

    /// A dispatcher with options: a name, backoff, when it warns and gives up.
    let createWith
        (options: OutboxDispatcherOptions)
        (outbox: Outbox<'Message>)
        (deliver: OutboxMessage<'Message> -> Task)
        (journal: IJournal)
        : OutboxDispatcher<'Message> =
        let deliver = Func<OutboxMessage<'Message>, CancellationToken, Task>(fun message _ -> deliver message)

        OutboxDispatcher<'Message>(journal, facade outbox, deliver, options)

    /// A dispatcher. What `deliver` throws makes the attempt fail, and the message comes again later.
    let create (outbox: Outbox<'Message>) (deliver: OutboxMessage<'Message> -> Task) (journal: IJournal) : OutboxDispatcher<'Message> =
        createWith (OutboxDispatcherOptions()) outbox deliver journal

    /// Hands messages over as they become due, until it is to stop; then what is due, within a bound.
    let run (stopping: CancellationToken) (dispatcher: OutboxDispatcher<'Message>) : Task = dispatcher.RunAsync stopping

    /// Hands over, once, what is due now.
    let deliverDue (dispatcher: OutboxDispatcher<'Message>) : Task<DeliveryRound> = dispatcher.DeliverDueAsync()

    /// Confirms a message; false where there is none of this number that is not confirmed.
    let confirm (number: int64) (dispatcher: OutboxDispatcher<'Message>) : Task<bool> = dispatcher.ConfirmAsync number

    /// Where an outbox stands.
    let status (outbox: Outbox<'Message>) (journal: IJournal) : Task<OutboxStatus> = journal.OutboxStatusAsync outbox.Name
