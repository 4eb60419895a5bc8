// Numbers as text, in the invariant culture.
// Called wherever a message, a name or a recorded text holds a number.
namespace Refold.Core

open System
open System.Globalization

/// The one way from a number to text: the same in every culture.
[<RequireQualifiedAccess>]
module internal Numbers =

    /// Decimal digits, with a minus sign before a negative number.
    let text (value: 'Number :> IFormattable) : string = value.ToString(null, CultureInfo.InvariantCulture)

    /// A count with its noun, in the singular for one.
    let count (value: int64) (one: string) (more: string) : string = text value + " " + (if value = 1L then one else more)

    /// Decimal digits, with zeros before them up to a width.
    let padded (width: int) (value: 'Number :> IFormattable) : string = (text value).PadLeft(width, '0')

    /// Eight lower-case hexadecimal digits.
    let hex (value: uint32) : string = value.ToString("x8", CultureInfo.InvariantCulture)
