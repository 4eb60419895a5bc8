// Sampling over a generator, frozen by golden vectors: what a function here draws and returns never changes; a better one gets a new name.
// Called by deciders. Each function says how many 32-bit words it draws; doubles see only + - * / and square roots.
namespace Refold.Core

open System
open System.Collections.Generic

/// Random values of many kinds; the generator comes last.
[<RequireQualifiedAccess>]
module Sample =

    let private refuse (parameter: string) (reason: string) : unit = raise (ArgumentException(reason, parameter))

    // Lemire 2019, "Fast random integer generation in an interval", over one word: the upper half of word * count, and
    // another word while the lower half is below 2^32 mod count. A count of 0 stands for 2^32.
    let private below32 (count: uint32) (rng: SeededRng) : uint32 =
        if count = 0u then
            rng.NextUInt32()
        else
            let threshold = (0u - count) % count
            let mutable product = uint64 (rng.NextUInt32()) * uint64 count

            while uint32 product < threshold do
                product <- uint64 (rng.NextUInt32()) * uint64 count

            uint32 (product >>> 32)

    // The same over two words; a count of 0 stands for 2^64.
    let private below64 (count: uint64) (rng: SeededRng) : uint64 =
        if count = 0UL then
            rng.NextUInt64()
        else
            let threshold = (0UL - count) % count
            let mutable low = 0UL
            let mutable high = Math.BigMul(rng.NextUInt64(), count, &low)

            while low < threshold do
                high <- Math.BigMul(rng.NextUInt64(), count, &low)

            high

    let inline private requireOrder low high =
        if low > high then
            raise (ArgumentOutOfRangeException("high", "The upper bound is below the lower bound."))

    /// An integer from `low` to `high`, both included, all alike. Draws 1 word, and another with a probability of
    /// (2^32 mod n) / 2^32 each time, n being the number of integers (Lemire 2019). Throws `ArgumentOutOfRangeException` for low > high.
    let between (low: int) (high: int) (rng: SeededRng) : int =
        requireOrder low high
        low + int (below32 (uint32 high - uint32 low + 1u) rng)

    /// An integer from `low` to `high`, both included, all alike. Draws 2 words, and another 2 with a probability of
    /// (2^64 mod n) / 2^64 each time, n being the number of integers (Lemire 2019). Throws `ArgumentOutOfRangeException` for low > high.
    let betweenUInt64 (low: uint64) (high: uint64) (rng: SeededRng) : uint64 =
        requireOrder low high
        low + below64 (high - low + 1UL) rng

    /// An integer from `low` to `high`, both included, all alike. Draws as `betweenUInt64` does. Throws
    /// `ArgumentOutOfRangeException` for low > high.
    let betweenInt64 (low: int64) (high: int64) (rng: SeededRng) : int64 =
        requireOrder low high
        low + int64 (below64 (uint64 high - uint64 low + 1UL) rng)

    /// True or false, alike: the highest bit of 1 word.
    let bool (rng: SeededRng) : bool = rng.NextUInt32() >= 0x80000000u

    /// A double from 0 (included) to 1 (excluded), a multiple of 2^-53: the upper 53 bits of 2 words, the second being the upper.
    let double (rng: SeededRng) : float = float (rng.NextUInt64() >>> 11) * (1.0 / 9007199254740992.0)

    /// True with this probability: whether `double` is below it. Draws 2 words. Throws `ArgumentException` unless it is 0 to 1.
    let chance (probability: float) (rng: SeededRng) : bool =
        if not (probability >= 0.0 && probability <= 1.0) then
            refuse (nameof probability) "A probability is a number from 0 to 1."

        double rng < probability

    let private swap (items: 'Item[]) left right =
        let item = items[left]
        items[left] <- items[right]
        items[right] <- item

    /// Shuffles the array in place, all orders alike: Fisher-Yates from the last place down to the second, each place exchanged
    /// with one of those up to and including it. Draws as `between` does for each, so n - 1 words and rarely more.
    let shuffleInPlace (items: 'Item[]) (rng: SeededRng) : unit =
        ArgumentNullException.ThrowIfNull items

        for place in items.Length - 1 .. -1 .. 1 do
            swap items place (between 0 place rng)

    /// The items in another order, all orders alike; see `shuffleInPlace`.
    let shuffle (items: IReadOnlyList<'Item>) (rng: SeededRng) : 'Item[] =
        ArgumentNullException.ThrowIfNull items
        let shuffled = Array.ofSeq items
        shuffleInPlace shuffled rng
        shuffled

    /// One of the items, all alike. Draws as `between` does, also for a single item. Throws `ArgumentException` where there is none.
    let pick (items: IReadOnlyList<'Item>) (rng: SeededRng) : 'Item =
        ArgumentNullException.ThrowIfNull items

        if items.Count = 0 then
            refuse (nameof items) "There is nothing to pick from."

        items[between 0 (items.Count - 1) rng]

    /// `count` of the items, of different places, in the order drawn; all choices and orders alike: Fisher-Yates from the first place up,
    /// each place exchanged with one of those from it to the last. Draws as `between` does for each of the `count`.
    /// Throws `ArgumentOutOfRangeException` for a negative count and for more than there are.
    let pickDifferent (count: int) (items: IReadOnlyList<'Item>) (rng: SeededRng) : 'Item[] =
        ArgumentNullException.ThrowIfNull items

        if count < 0 || count > items.Count then
            raise (ArgumentOutOfRangeException(nameof count, "So many different items are not there."))

        let pool = Array.ofSeq items

        for place in 0 .. count - 1 do
            swap pool place (between place (pool.Length - 1) rng)

        Array.sub pool 0 count

    /// An index, each as likely as its weight says. Draws as `betweenUInt64` does; index i is taken where the integer from 0 to
    /// the total - 1 is below the sum of the weights up to i. Throws `ArgumentException` for a negative weight,
    /// and unless the total is 1 to 2^63 - 1.
    let weightedIndex (weights: IReadOnlyList<int64>) (rng: SeededRng) : int =
        ArgumentNullException.ThrowIfNull weights
        let mutable total = 0UL

        for weight in weights do
            if weight < 0L then
                refuse (nameof weights) "A weight is negative."

            total <- total + uint64 weight

            if total > uint64 Int64.MaxValue then
                refuse (nameof weights) "The weights add up to more than 2^63 - 1."

        if total = 0UL then
            refuse (nameof weights) "The weights add up to nothing."

        let mutable left = below64 total rng
        let mutable index = 0

        while left >= uint64 weights[index] do
            left <- left - uint64 weights[index]
            index <- index + 1

        index

    /// An index, each as likely as its weight says. Draws 2 words; index i is taken where `double` times the total is below the sum
    /// of the weights up to i, sums made in order. Throws `ArgumentException` for a weight that is negative, infinite or no number, and
    /// unless the total is above 0 and finite.
    let weightedIndexDouble (weights: IReadOnlyList<float>) (rng: SeededRng) : int =
        ArgumentNullException.ThrowIfNull weights
        let mutable total = 0.0
        let mutable last = -1

        for index in 0 .. weights.Count - 1 do
            if not (weights[index] >= 0.0) then
                refuse (nameof weights) "A weight is negative or no number."

            if weights[index] > 0.0 then
                last <- index

            total <- total + weights[index]

        if not (total > 0.0 && Double.IsFinite total) then
            refuse (nameof weights) "The weights add up to nothing or to infinity."

        let target = double rng * total
        let mutable sum = weights[0]
        let mutable index = 0

        // A total of the smallest doubles can round the target up to itself: the last index with a weight takes that.
        while index < last && target >= sum do
            index <- index + 1
            sum <- sum + weights[index]

        index

    let private requireFinite (parameter: string) (least: float) (value: float) =
        if not (value >= least && Double.IsFinite value) then
            let range = if least = 0.0 then "The value is finite and not negative." else "The value is finite."
            raise (ArgumentOutOfRangeException(parameter, range))

    /// An exponentially distributed value with this mean: -mean ln(1 - `double`), with `Logarithm.natural`. 0 to 36.74 means.
    /// Draws 2 words. Throws `ArgumentOutOfRangeException` unless the mean is finite and not negative.
    let exponential (mean: float) (rng: SeededRng) : float =
        requireFinite (nameof mean) 0.0 mean
        // 0 - x, not -x: a logarithm of 0 shall not give the value -0.
        mean * (0.0 - Logarithm.natural (1.0 - double rng))

    let rec private standardNormal (rng: SeededRng) =
        let u = 2.0 * double rng - 1.0
        let v = 2.0 * double rng - 1.0
        let square = u * u + v * v

        if square < 1.0 && square > 0.0 then
            u * sqrt (-2.0 * Logarithm.natural square / square)
        else
            standardNormal rng

    /// A normally distributed value (Marsaglia's polar method): u and v are 2 `double` - 1 each, drawn anew until s = u^2 + v^2 is above 0
    /// and below 1; the value is mean + standardDeviation (u sqrt(-2 ln s / s)). Draws 4 words, and another 4 with a probability of 0.215
    /// each time. Throws `ArgumentOutOfRangeException` unless both are finite and the deviation is not negative.
    let normal (mean: float) (standardDeviation: float) (rng: SeededRng) : float =
        requireFinite (nameof mean) Double.MinValue mean
        requireFinite (nameof standardDeviation) 0.0 standardDeviation
        mean + standardDeviation * standardNormal rng

    /// A version 4 GUID (RFC 9562 section 5.4) from 4 words: their bytes are the GUID's as printed, but for version and variant.
    let guid (rng: SeededRng) : Guid =
        let bytes = Array.zeroCreate<byte> 16
        rng.Fill(Span bytes)
        bytes[6] <- (bytes[6] &&& 0x0Fuy) ||| 0x40uy
        bytes[8] <- (bytes[8] &&& 0x3Fuy) ||| 0x80uy
        Guid(ReadOnlySpan bytes, true)
