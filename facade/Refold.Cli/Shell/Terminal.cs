// Where one run of the tool reads and writes: standard streams, how wide the screen is, and the command line that was given.
// Made by Program for the process, by tests in memory; asked by Output, Progress and whatever warns.
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Refold.Cli.Shell;

/// <summary>Standard streams of one run of the tool, which may be one of many in a process.</summary>
/// <param name="output">Standard output, buffered.</param>
/// <param name="error">Standard error.</param>
/// <param name="input">Opens standard input.</param>
/// <param name="columns">How wide the screen is behind standard output; null where it is no terminal.</param>
/// <param name="errorIsTerminal">Whether standard error is a terminal.</param>
internal sealed class Terminal(Stream output, TextWriter error, Func<Stream> input, int? columns, bool errorIsTerminal)
{
    private const int DefaultColumns = 80;

    private static readonly Lazy<Terminal> OfProcess = new(ForProcess);
    private static readonly AsyncLocal<Terminal?> Given = new();

    /// <summary>The one of the run that asks: what was set in this flow of control, otherwise the process's own.</summary>
    public static Terminal Current
    {
        get => Given.Value ?? OfProcess.Value;
        set => Given.Value = value;
    }

    /// <summary>Standard output.</summary>
    public Stream Output { get; } = output;

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>Whether a person is looking, so that tables make sense.</summary>
    public bool IsTerminal => columns is not null;

    /// <summary>Whether standard error is a terminal.</summary>
    public bool ErrorIsTerminal => errorIsTerminal;

    /// <summary>How wide the screen is.</summary>
    public int Columns => columns ?? DefaultColumns;

    /// <summary>What was typed behind the tool's name.</summary>
    public IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>The progress that is on the screen; null for none.</summary>
    public Progress? Shown { get; set; }

    /// <summary>Opens standard input.</summary>
    public Stream OpenInput() => input();

    /// <summary>One line on standard error, on a line of its own also beside a bar.</summary>
    public static void Warn(string message)
    {
        var terminal = Current;
        terminal.Shown?.Clear();
        terminal.Error.WriteLine("refold: " + message);
    }

    private static Terminal ForProcess() => new(
        new BufferedStream(OpenOutput(), 1 << 16), Console.Error, Console.OpenStandardInput,
        Console.IsOutputRedirected ? null : Width(), !Console.IsErrorRedirected);

    /// <summary>COLUMNS where it is set, as other tools have it; otherwise what the terminal says.</summary>
    private static int Width()
    {
        if (int.TryParse(
            Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given > 0)
            return given;
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : DefaultColumns;
        }
        catch (IOException)
        {
            return DefaultColumns;
        }
    }

    private static Stream OpenOutput()
    {
        // .NET's console stream swallows a broken pipe, so a verb that follows a journal would never end. A file stream
        // reports it; but it keeps an offset of its own, which is wrong for a file that several commands append to.
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return Console.OpenStandardOutput();
        var file = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return file.CanSeek ? Console.OpenStandardOutput() : file;
    }
}
