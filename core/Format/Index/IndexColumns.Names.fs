// The names of a segment that grows, numbered in order of appearance, each with its entries.
// Used by IndexColumns.fs; asked by look-ups in the segment that is written.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Collections.Generic

/// Streams, types, tags and runs. Used as `IndexColumns`.
[<Sealed>]
type internal ColumnNames() =
    let streams = Chunks<ColumnStream>()
    let words = Chunks<ColumnWord>()
    let streamNumbers = Dictionary<StreamId, int>()
    let types = Dictionary<string, int>(StringComparer.Ordinal)
    let tags = Dictionary<string, int>(StringComparer.Ordinal)
    let runs = Dictionary<string, int>(StringComparer.Ordinal)
    // What follows itself is not looked up again.
    let mutable lastStream: ColumnStream voption = ValueNone
    let mutable lastType: ColumnWord voption = ValueNone
    let mutable lastTag: ColumnWord voption = ValueNone

    let numbersOf (kind: WordKind) =
        match kind with
        | WordKind.Type -> types
        | WordKind.Tag -> tags
        | WordKind.Run -> runs

    let last (kind: WordKind) =
        match kind with
        | WordKind.Type -> lastType
        | WordKind.Tag -> lastTag
        | WordKind.Run -> ValueNone

    let add (kind: WordKind) (text: string) =
        let numbers = numbersOf kind

        match numbers.TryGetValue text with
        | true, number -> words[number]
        | false, _ ->
            let made = ColumnWord(words.Count, kind, text)
            numbers.Add(text, words.Count)
            words.Add made
            made

    let find (numbers: Dictionary<string, int>) (text: string) : Postings | null =
        match numbers.TryGetValue text with
        | true, number -> words[number].Entries
        | false, _ -> null

    /// How many streams there are.
    member _.Streams: int = streams.Count

    /// How many words there are.
    member _.Words: int = words.Count

    /// A stream by its number.
    member _.StreamAt(number: int) : ColumnStream = streams[number]

    /// A word by its number.
    member _.WordAt(number: int) : ColumnWord = words[number]

    /// A stream, added where it is new.
    member _.Stream(stream: StreamId) : ColumnStream =
        match lastStream with
        | ValueSome last when obj.ReferenceEquals(last.Stream, stream) -> last
        | _ ->
            let found =
                match streamNumbers.TryGetValue stream with
                | true, number -> streams[number]
                | false, _ ->
                    let made = ColumnStream(streams.Count, stream)
                    streamNumbers.Add(stream, streams.Count)
                    streams.Add made
                    made

            lastStream <- ValueSome found
            found

    /// A word, added where it is new.
    member _.Word(kind: WordKind, text: string) : ColumnWord =
        match last kind with
        | ValueSome last when obj.ReferenceEquals(last.Text, text) -> last
        | _ ->
            let found = add kind text

            match kind with
            | WordKind.Type -> lastType <- ValueSome found
            | WordKind.Tag -> lastTag <- ValueSome found
            | WordKind.Run -> ()

            found

    /// A stream; null where nothing of it is here.
    member _.FindStream(stream: StreamId) : ColumnStream | null =
        match streamNumbers.TryGetValue stream with
        | true, number -> streams[number]
        | false, _ -> null

    /// The entries of a type; null where it is not here.
    member _.FindType(text: string) : Postings | null = find types text

    /// The entries with an outward tag; null where it is not here.
    member _.FindTag(text: string) : Postings | null = find tags text
