// The checks of the conformance cases: each failure says what was found, and what was expected.
// Used by the cases and by the random sequences.
using System.Globalization;

namespace Refold.Testing;

internal static class Expect
{
    public static void True(bool condition, string what)
    {
        if (!condition) throw new ConformanceException(what);
    }

    public static void Equal<T>(T expected, T found, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found)) throw new ConformanceException(
            $"{what} is {Show(found)}, expected {Show(expected)}");
    }

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> found, string what)
    {
        List<T> wanted = [.. expected], seen = [.. found];
        for (var index = 0; index < Math.Min(wanted.Count, seen.Count); index++)
            Equal(wanted[index], seen[index], string.Create(CultureInfo.InvariantCulture, $"{what}, number {index + 1},"));
        Equal(wanted.Count, seen.Count, "the number of " + what);
    }

    public static TException Throws<TException>(Action action, string what)
        where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException expected)
        {
            return expected;
        }
        catch (Exception other)
        {
            throw new ConformanceException($"{what} threw {other.GetType().Name}, expected {typeof(TException).Name}", other);
        }

        throw new ConformanceException($"{what} threw nothing, expected {typeof(TException).Name}");
    }

    public static async Task<TException> ThrowsAsync<TException>(Func<Task> action, string what)
        where TException : Exception
    {
        Exception? thrown = null;
        try
        {
            await Within(action(), what);
        }
        catch (Exception exception) when (exception is not ConformanceException)
        {
            thrown = exception;
        }

        return Throws<TException>(
            () => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown ?? new ConformanceException("nothing was thrown")),
            what);
    }

    /// <summary>The error comes with the await, not from the call.</summary>
    public static async Task<TException> ThrowsWhenAwaitedAsync<TException>(Func<Task> call, string what)
        where TException : Exception
    {
        Task begun;
        try
        {
            begun = call();
        }
        catch (Exception exception)
        {
            throw new ConformanceException($"{what} threw {exception.GetType().Name} from the call, expected it with the await", exception);
        }

        return await ThrowsAsync<TException>(() => begun, what);
    }

    /// <summary>The error comes with the first <c>MoveNextAsync</c>, not from the call.</summary>
    public static Task<TException> ThrowsWhenAwaitedAsync<TException>(Func<IAsyncEnumerable<JournalEntry>> call, string what)
        where TException : Exception
    {
        return ThrowsWhenAwaitedAsync<TException>(() => FirstAsync(call()), what);

        static async Task FirstAsync(IAsyncEnumerable<JournalEntry> entries)
        {
            await using var enumerator = entries.GetAsyncEnumerator();
            await enumerator.MoveNextAsync();
        }
    }

    /// <summary>Waits for what must come by itself. The limit is there for what never comes, not to measure.</summary>
    public static async Task<T> Within<T>(Task<T> task, string what)
    {
        await Within((Task)task, what);
        return await task;
    }

    public static async Task Within(Task task, string what)
    {
        try
        {
            await task.WaitAsync(TimeSpan.FromMinutes(1));
        }
        catch (TimeoutException exception) when (!task.IsCompleted)
        {
            throw new ConformanceException(what + " does not come", exception);
        }
    }

    public static Receipt Appended(AppendResult result, string what) =>
        result is AppendResult.Appended appended ? appended.Receipt
            : throw new ConformanceException($"{what} was not appended: {Told.Of(result)}");

    public static TFailure NotAppended<TFailure>(AppendResult result, string what)
        where TFailure : AppendFailure =>
        result is AppendResult.NotAppended { Failure: TFailure failure } ? failure
            : throw new ConformanceException($"{what}: {Told.Of(result)}, expected {typeof(TFailure).Name}");

    private static string Show<T>(T value) => value switch
    {
        null => "nothing",
        string text => "'" + text + "'",
        JournalEntry entry => Told.Of(entry),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}

/// <summary>Answers as texts that are equal when the answers are; the wording of reasons does not count.</summary>
internal static class Told
{
    public static string Of(AppendResult result) => result switch
    {
        AppendResult.Appended appended => "appended " + Of(appended.Receipt),
        AppendResult.NotAppended refused => "not appended, " + Of(refused.Failure),
        AppendResult.OutcomeUnknown unknown => "outcome unknown, " + unknown.Cause,
        _ => "no answer",
    };

    public static string Of(Receipt? receipt)
    {
        if (receipt is null) return "no receipt";
        var versions = receipt.Versions.Select(item => FormattableString.Invariant($"{item.Stream}@{item.First}-{item.Last}"));
        return FormattableString.Invariant($"{receipt.FirstPosition}+{receipt.Count}, {string.Join(", ", versions)}, head {receipt.Head}");
    }

    public static string Of(JournalEntry entry)
    {
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(entry.ToCanonicalBytes()).AsSpan(0, 6));
        return FormattableString.Invariant($"{entry} batch {entry.Batch} key {entry.IdempotencyKey} canonical {hash}");
    }

    private static string Of(AppendFailure failure) => failure switch
    {
        AppendFailure.Conflict conflict =>
            FormattableString.Invariant($"conflict: '{conflict.Stream}' expected {conflict.Expected}, is at {conflict.Actual}"),
        AppendFailure.ConditionFailed failed => FormattableString.Invariant($"condition failed at {failed.Position}"),
        AppendFailure.KeyReused reused => FormattableString.Invariant($"key '{reused.Key}' reused, first at {reused.FirstPosition}"),
        AppendFailure.LimitExceeded exceeded => FormattableString.Invariant($"limit {exceeded.Limit} exceeded with {exceeded.Actual}"),
        AppendFailure.Invalid => "invalid",
        AppendFailure.SystemStream system => $"'{system.Stream}' is Refold's own",
        _ => failure.GetType().Name + ": " + failure,
    };
}
