// What tests say of a value: Expecto's expectations with what is expected first, in xunit's order.
// Called by the F# tests and by properties.
namespace Refold.Support

open System
open System.Text.RegularExpressions
open Expecto

/// Expectations without a message of their own: the test's name says what has to be.
[<AutoOpen>]
module Expecting =

    /// The two are equal.
    let equal (expected: 'Value) (actual: 'Value) = Expect.equal actual expected "two values that have to be equal"

    /// The two differ.
    let notEqual (other: 'Value) (actual: 'Value) = Expect.notEqual actual other "two values that have to differ"

    /// The condition holds; the reason says which one.
    let isTrueFor (reason: string) (condition: bool) = Expect.isTrue condition reason

    /// The condition holds.
    let isTrue (condition: bool) = isTrueFor "a condition that has to hold" condition

    /// The condition does not hold; the reason says which one.
    let isFalseFor (reason: string) (condition: bool) = Expect.isFalse condition reason

    /// The condition does not hold.
    let isFalse (condition: bool) = isFalseFor "a condition that must not hold" condition

    /// There is nothing in it.
    let isEmpty (items: 'Item seq) = Expect.isEmpty items "a sequence that has to be empty"

    /// There is something in it.
    let isNotEmpty (items: 'Item seq) = Expect.isNonEmpty items "a sequence that must not be empty"

    /// The one item of a sequence.
    let single (items: 'Item seq) : 'Item =
        match List.ofSeq items with
        | [ item ] -> item
        | items -> failtest $"one item was expected, there are {items.Length}: %A{items}"

    /// The item is among the others.
    let contains (item: 'Item) (items: 'Item seq) = Expect.contains items item "a sequence and its item"

    /// The part is somewhere in the text, character for character.
    let containsText (part: string) (text: string) =
        if not (text.Contains(part, StringComparison.Ordinal)) then
            failtest $"'{part}' is not in '{text}'"

    /// The part is nowhere in the text.
    let lacksText (part: string) (text: string) =
        if text.Contains(part, StringComparison.Ordinal) then
            failtest $"'{part}' is in '{text}'"

    /// The text begins with the part, character for character.
    let startsWith (part: string) (text: string) =
        if not (text.StartsWith(part, StringComparison.Ordinal)) then
            failtest $"'{text}' does not begin with '{part}'"

    /// The text ends with the part, character for character.
    let endsWith (part: string) (text: string) =
        if not (text.EndsWith(part, StringComparison.Ordinal)) then
            failtest $"'{text}' does not end with '{part}'"

    /// The text matches the regular expression.
    let matches (pattern: string) (text: string) =
        if not (Regex.IsMatch(text, pattern)) then
            failtest $"'{text}' does not match '{pattern}'"

    /// The value lies between the two, both included.
    let inRange (low: 'Value) (high: 'Value) (actual: 'Value) =
        if actual < low || actual > high then
            failtest $"{actual} is not between {low} and {high}"

    let private thrown (action: unit -> unit) =
        try
            action ()
            None
        with error ->
            Some error

    /// The exception that the action throws; one of a derived type fails the test.
    let throws<'Error when 'Error :> exn> (action: unit -> unit) : 'Error =
        match thrown action with
        | Some(:? 'Error as error) when error.GetType() = typeof<'Error> -> error
        | Some other -> failtest $"{typeof<'Error>} was expected, not {other}"
        | None -> failtest $"{typeof<'Error>} was expected, nothing was thrown"

    /// The exception that the action throws, of the type or one derived from it.
    let throwsAny<'Error when 'Error :> exn> (action: unit -> unit) : 'Error =
        match thrown action with
        | Some(:? 'Error as error) -> error
        | Some other -> failtest $"{typeof<'Error>} was expected, not {other}"
        | None -> failtest $"{typeof<'Error>} was expected, nothing was thrown"
