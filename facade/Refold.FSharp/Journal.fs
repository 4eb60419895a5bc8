// Journals in any store, from F#: opening, reading, folding, in values of the core.
// Called by programs and scripts.
namespace Refold.FSharp

open System
open System.Collections.Generic
open System.Threading.Tasks
open Refold
open Refold.Core

/// Journals in any store. These functions take no cancellation token; the members of `IJournal` do.
[<RequireQualifiedAccess>]
module Journal =

    let private collect (entries: IAsyncEnumerable<JournalEntry>) : Task<Entry list> = Interop.Lists.CollectAsync entries

    /// Opens the journal that a URI names: `memory:`, `segments:DIRECTORY`, `litedb:FILE` (package Refold.LiteDb), or another registered
    /// scheme. To be disposed by the caller: `use!`. Throws as C#'s `Journal.OpenAsync`.
    let openAt (uri: string) : Task<IJournal> = task { return! Refold.Journal.OpenAsync uri }

    /// Opens a journal with options: for reading only, another durability, snapshots.
    let openWith (options: JournalOptions) (uri: string) : Task<IJournal> = task { return! Refold.Journal.OpenAsync(uri, options) }

    /// The last position and head hash.
    let head (journal: IJournal) : Task<Head> = task { return! journal.HeadAsync() }

    /// Every stream with its floor and highest version, in UTF-8 order of the names.
    let streams (journal: IJournal) : Task<StreamInfo list> =
        task {
            let! found = journal.StreamsAsync()
            return List.ofSeq found
        }

    /// A stream's entries from a version on, at most so many. Throws `EntriesDroppedException` if that version was deleted.
    let readStream (stream: string) (fromVersion: int64) (maxCount: int64) (journal: IJournal) : Task<Entry list> =
        collect (journal.ReadStreamAsync(StreamId.Create stream, fromVersion, maxCount = maxCount))

    /// Entries from a position on, at most so many, in position order.
    let readAll (fromPosition: int64) (maxCount: int64) (journal: IJournal) : Task<Entry list> =
        collect (journal.ReadAllAsync(fromPosition, maxCount))

    /// Folds a stream to its state at its end, entry by entry as they are read. Nothing is decided and nothing drawn. Throws
    /// `HistoryDroppedException` where the stream's
    /// beginning was deleted.
    let fold (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (stream: string) (journal: IJournal) : Task<FoldReport<'State>> =
        task { return! Interop.AsyncFolding.ReportAsync(aggregate, journal, StreamId.Create stream) }

    /// The whole journal as the immutable one of the core, for exploring: every function of `Refold.Core.Journal` then works on it. It is
    /// held in memory, so the journal must fit there. Deleted entries are missing.
    let toMemory (journal: IJournal) : Task<Refold.Core.Journal> =
        task {
            let restore made batch =
                match Refold.Core.Journal.restore batch made with
                | Ok(_, made) -> made
                | Error error -> raise (InvalidOperationException(error.ToString()))

            return!
                Interop.Lists.FoldBatchesAsync(
                    journal.ReadAllAsync(),
                    Refold.Core.Journal.empty,
                    Func<_, _, _>(fun made batch -> restore made batch)
                )
        }
