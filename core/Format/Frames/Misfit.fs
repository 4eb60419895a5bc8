// What does not fit, in words: the name of a thing, what was expected, what was found.
// Called by Segment.*.fs, Block.fs, Page.fs and Opening.*.fs for every refusal they make.
namespace Refold.Format

open Refold.Core
open Refold

/// Something that does not fit where it stands.
[<NoComparison>]
type internal Misfit = { What: string; Expected: string; Found: string }

/// The rules that bind frames to each other.
[<RequireQualifiedAccess>]
module internal Misfit =

    /// The first thing that is not as it has to be.
    let number what (expected: int64) (found: int64) : Misfit option =
        if expected = found then
            None
        else
            Some { What = what; Expected = Numbers.text expected; Found = Numbers.text found }

    let atLeast what (least: int64) (found: int64) : Misfit option =
        if found >= least then
            None
        else
            Some
                {
                    What = what
                    Expected = "at least " + Numbers.text least
                    Found = Numbers.text found
                }

    let hash what (expected: Hash) (found: Hash) : Misfit option =
        if expected = found then
            None
        else
            Some { What = what; Expected = expected.ToString(); Found = found.ToString() }

    let rule what holds (expected: string) (found: string) : Misfit option =
        if holds then None else Some { What = what; Expected = expected; Found = found }

    let first (checks: Misfit option list) : Misfit option = List.tryPick id checks

    let corrupt (offset: int64) (misfit: Misfit) : FrameError = FrameError.Corrupt(offset, misfit.What, misfit.Expected, misfit.Found)
