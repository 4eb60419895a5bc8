// Values that are not to be written, as an attempt has met them: where they turn up in what an exception says, they are replaced.
// Filled by OperationHttpHandler; used by the attempts and by OperationReplay.
namespace Refold;

internal sealed class HiddenValues
{
    // A shorter one stands in many words by chance, and tells little.
    private const int Shortest = 4;

    private readonly Lock gate = new();
    private readonly SortedSet<string> values = new(Comparer<string>.Create(LongestFirst));

    /// <summary>One more.</summary>
    public void Add(string value)
    {
        if (value.Length < Shortest) return;
        lock (gate) values.Add(value);
    }

    /// <summary>A failure as it may be written, and as it is compared.</summary>
    public RecordedFailure Hide(RecordedFailure failure)
    {
        var message = failure.Message;
        lock (gate)
        {
            foreach (var value in values) message = message.Replace(value, Redaction.Mark, StringComparison.Ordinal);
        }

        return failure with { Message = message };
    }

    // One that holds another goes first.
    private static int LongestFirst(string one, string other) =>
        one.Length != other.Length ? other.Length.CompareTo(one.Length) : string.CompareOrdinal(one, other);
}
