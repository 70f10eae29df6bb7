public class Matcher {
    private static final int EXACT = 0;
    private static final int TEXT = 1;
    private static final int REST = 2;

    private final int which;

    Matcher(int which) {
        this.which = which;
    }

    boolean isText() {
        return which == TEXT;
    }
}
