// What cannot be opened, with the remedy: no file there, and what a device says.
// Thrown by whatever opens, copies or compacts a database.
namespace Refold.LiteDb;

internal static class OpenFaults
{
    /// <summary>There is no file.</summary>
    public static JournalOpenException NoJournal(string place) => new(
        $"There is no journal in {place}: the file does not exist. Name another, or make one by opening it for writing.");

    /// <summary>The device failed, and named no remedy.</summary>
    /// <param name="what">What cannot be done, as the beginning of a sentence.</param>
    /// <param name="cause">What it threw.</param>
    public static JournalOpenException OfDevice(string what, Exception cause) => new(
        $"{what}: {cause.Message.TrimEnd('.')}. "
        + (cause is UnauthorizedAccessException
            ? "Check the permissions."
            : "Check the path, the device and its free room, and try again."),
        cause);
}
